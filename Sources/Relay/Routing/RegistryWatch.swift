import Credentials
import Device
import Dispatch
import Foundation
import Registry

/// Sees what other processes write into the registry, and passes it on to the devices that are online: revocations, which
/// also cut sessions, a new epoch, policies, and orders.
///
/// Everything happens on the relay's registry queue.
final class RegistryWatch: @unchecked Sendable {
  /// Between two looks at the registry's change counter.
  static let interval = DispatchTimeInterval.milliseconds(100)
  /// Orders are read as a whole, so not at every change: seconds between two looks, and how many times as long as a look took.
  private static let orderInterval = 1.0
  private static let orderShare = 20.0

  private let relay: Relay
  // All belong to the relay's registry queue.
  private var counter: Int64?
  private var revocationSequence: UInt32
  private var lastLook = DispatchTime.now()
  private var lastOrders = DispatchTime(uptimeNanoseconds: 0)
  private var ordersAreDue = true
  private var orderPause = RegistryWatch.orderInterval

  init(_ relay: Relay) {
    self.relay = relay
    revocationSequence = relay.fleet.snapshot.state.revocationSequence
  }

  /// Looks once. A failure is logged and the look repeated: what was not seen is still there.
  func look() {
    let previous = lastLook
    lastLook = .now()
    do throws(RegistryError) {
      let now = try relay.registry.changeCounter()
      if now != counter {
        try takeChanges(since: previous)
        counter = now
        ordersAreDue = true
      }
      if ordersAreDue, seconds(since: lastOrders) >= orderPause {
        lastOrders = .now()
        try passOnOrders()
        orderPause = max(Self.orderInterval, Self.orderShare * seconds(since: lastOrders))
        ordersAreDue = false
      }
    } catch {
      relay.logger.error("registry", metadata: ["reason": "\(error)"])
    }
  }

  private func takeChanges(since previous: DispatchTime) throws(RegistryError) {
    let (old, new) = try relay.fleet.refresh(relay.registry)
    if new.state.revocationSequence > revocationSequence {
      for news in try News.read(relay.registry, since: revocationSequence, for: nil) {
        spread(news, new)
        if case .revocation = news { relay.metrics.revocationPropagation.observe(seconds(since: previous)) }
      }
      revocationSequence = new.state.revocationSequence
    }
    if new.state.epoch != old.state.epoch {
      relay.metrics.epoch.set(Int(new.state.epoch))
      relay.logger.info("epoch_advanced", metadata: ["epoch": "\(new.state.epoch)"])
      for client in relay.router.all { client.connection.send(.epoch(new.state.epochStatement)) }
    }
    for (link, statement) in new.policies where old.policies[link] != statement {
      for client in relay.router.all
      where client.verifiesPeers && (client.address.system == link.from || client.address.system == link.to) {
        client.connection.send(.policy(statement))
      }
    }
  }

  /// Cuts the sessions that a revocation is about, and tells everybody whom it concerns.
  private func spread(_ news: News, _ fleet: Fleet.Snapshot) {
    if case .revocation(let statement) = news { cut(statement.content) }
    let concerned = fleet.linked(with: news.system)
    for client in relay.router.all
    where client.verifiesPeers && concerned.contains(client.address.system) && client.wants(news) {
      client.connection.send([news.record], written: nil)
    }
  }

  private func cut(_ content: RevocationContent) {
    relay.metrics.revocations.add(1)
    let address = DeviceAddress(system: content.system, device: content.device)
    var cut = 0
    for client in relay.router.sessions(of: address) where client.generation <= content.generation {
      client.supersede()
      client.connection.close(.revoked)
      cut += 1
    }
    relay.logger.notice(
      "revoked",
      metadata: [
        "system": "\(content.system.rawValue)", "device": "\(content.device.hexadecimal)",
        "generation": "\(content.generation)", "sessions": "\(cut)",
      ])
  }

  private func passOnOrders() throws(RegistryError) {
    guard relay.router.count > 0 else { return }
    for order in try relay.registry.orders() {
      for client in relay.router.clients(of: order.address) {
        guard let record = try relay.record(of: order, for: client) else { continue }
        client.connection.send([record], written: nil)
        relay.log(.info, order.kind == .rotate ? "rotation_ordered" : "migration_ordered", client)
      }
    }
  }

  private func seconds(since time: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - time.uptimeNanoseconds) / 1e9
  }
}
