// SPDX-License-Identifier: Apache-2.0

import Credentials
import Dispatch
import Foundation
import Logging
import Records
import Registry
import Wire

/// Watches what other processes write to the registry, and passes it on to the devices that are online: revocations, which also
/// cut sessions, a new epoch, policies, and orders.
///
/// Everything happens on the relay's registry queue.
package final class RegistryWatch: @unchecked Sendable {
  /// The time between two looks at the registry's change counter.
  package static let interval = DispatchTimeInterval.milliseconds(100)
  /// Orders are read as a whole, so not at every change: the seconds between two reads, or a multiple of the time that a read
  /// took.
  private static let orderInterval = 1.0
  private static let orderShare = 20.0

  private let relay: Relay
  // All belong to the relay's registry queue.
  private var counter: Int64?
  private var revocationSequence: UInt32
  /// Rotations that devices online have not been told of yet, by system.
  private var rotations: [SystemID: [RotationStatement]] = [:]
  private var lastLook = DispatchTime.now()
  private var lastOrders = DispatchTime(uptimeNanoseconds: 0)
  private var ordersAreDue = true
  private var orderPause = RegistryWatch.orderInterval

  package init(_ relay: Relay) {
    self.relay = relay
    revocationSequence = relay.fleet.snapshot.state.revocationSequence
  }

  /// Looks once. After a failure, which is logged, the next look repeats it: what was not seen is still there.
  package func look() {
    let previous = lastLook
    lastLook = .now()
    do throws(RegistryError) {
      let now = try relay.registry.changeCounter()
      if now != counter {
        try takeChanges(since: previous)
        counter = now
        ordersAreDue = true
      } else {
        tell([])
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
    var revocations: [RevocationStatement] = []
    if new.state.revocationSequence > revocationSequence {
      revocations = try relay.registry.revocations(since: revocationSequence, for: nil)
      let changes = try relay.registry.rotations(since: revocationSequence, for: nil, limit: .max)
      revocationSequence = new.state.revocationSequence
      for statement in changes {
        let content = statement.content
        // A later rotation of the same device says all that an earlier one does.
        rotations[content.system, default: []].removeAll { $0.content.device == content.device }
        rotations[content.system, default: []].append(statement)
      }
      for statement in revocations {
        cut(statement.content)
        relay.metrics.revocationPropagation.observe(seconds(since: previous))
      }
    }
    tell(revocations)
    if new.state.epoch != old.state.epoch {
      relay.metrics.epoch.set(Int(new.state.epoch))
      relay.logger.info("epoch_advanced", metadata: ["epoch": "\(new.state.epoch)"])
      for client in relay.router.all { client.connection.send(.epoch(new.state.epochStatement)) }
    }
    tell(ofApplications: old, new)
    for (link, statement) in new.policies where old.policies[link] != statement {
      for client in relay.router.all
      where client.verifiesPeers && (client.address.system == link.from || client.address.system == link.to) {
        client.connection.send(.policy(statement))
      }
    }
  }

  /// Tells devices of applications that are new, or of which something has changed.
  private func tell(ofApplications old: FleetView.Snapshot, _ new: FleetView.Snapshot) {
    var changed: [SystemID: [OutgoingRecord]] = [:]
    for (system, applications) in new.applications {
      let known = old.applications[system] ?? []
      let records = applications.filter { application in
        guard !application.device.isRevoked else { return false }
        let before = known.first { $0.address == application.address }
        return before?.certificate != application.certificate || before?.name != application.name
          || before?.isDefault != application.isDefault
      }.map { OutgoingRecord($0) }
      if !records.isEmpty { changed[system] = records }
    }
    guard !changed.isEmpty else { return }
    for client in relay.router.all where client.knowsApplications {
      if let records = changed[client.address.system] { client.connection.send(records, written: nil) }
    }
  }

  /// Sends revocations, and the rotations that wait, in the order of their sequence; each device gets everything that concerns it
  /// at once.
  ///
  /// A rotation costs a record for every online device that may meet the device it is about. So each system has a turn of
  /// ``News/maximumRotations`` at each look, and no system's rotations hold up another's.
  private func tell(_ revocations: [RevocationStatement]) {
    guard !revocations.isEmpty || !rotations.isEmpty else { return }
    var news = revocations.map { News.revocation($0) }
    for (system, waiting) in rotations {
      news += waiting.prefix(News.maximumRotations).map { .rotation($0) }
      let rest = Array(waiting.dropFirst(News.maximumRotations))
      rotations[system] = rest.isEmpty ? nil : rest
    }
    news.sort { $0.sequence < $1.sequence }
    let fleet = relay.fleet.snapshot
    var concerning: [SystemID: [(news: News, record: OutgoingRecord)]] = [:]
    for news in news {
      let record = news.record
      for listener in fleet.linked(with: news.system) { concerning[listener, default: []].append((news, record)) }
    }
    for client in relay.router.all where client.verifiesPeers {
      let records = (concerning[client.address.system] ?? []).filter { client.wants($0.news) }.map(\.record)
      if !records.isEmpty { client.connection.send(records, written: nil) }
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
    relay.tell(.revoked, of: address)
    relay.logger.notice(
      "revoked",
      metadata: [
        "system": "\(content.system.rawValue)", "device": "\(content.device)",
        "generation": "\(content.generation)", "sessions": "\(cut)",
      ])
  }

  private func passOnOrders() throws(RegistryError) {
    guard relay.router.count > 0 else { return }
    for order in try relay.registry.orders() {
      for client in relay.router.clients(of: order.address) {
        let records = try relay.records(of: order, for: client)
        guard !records.isEmpty else { continue }
        client.connection.send(records, written: nil)
        relay.log(.info, order.kind == .rotate ? "rotation_ordered" : "migration_ordered", client)
      }
    }
  }

  private func seconds(since time: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - time.uptimeNanoseconds) / 1e9
  }
}
