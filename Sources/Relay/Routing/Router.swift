// SPDX-License-Identifier: Apache-2.0

import Credentials
import Synchronization
import Wire

/// Who is online: addresses to sessions.
final class Router: Sendable {
  private struct State {
    var next: UInt32 = .random(in: 1...UInt32.max / 2)
    var bySession: [UInt32: Client] = [:]
    var byDevice: [DeviceAddress: [Client]] = [:]
    /// Sessions under a key that was replaced, which nobody addresses: one for each device.
    var retired: [DeviceAddress: Client] = [:]
    /// Sessions of applications that listen, by system.
    var instances: [SystemID: [Client]] = [:]
  }

  private let state = Mutex(State())

  /// A number for a new session. They begin at random, so that a number from before a restart is unlikely to name another device
  /// now.
  func nextNumber() -> UInt32 {
    state.withLock { state in
      repeat {
        state.next = state.next == .max ? 1 : state.next + 1
      } while state.bySession[state.next] != nil
      return state.next
    }
  }

  /// Adds a session and returns those that it replaces: an earlier one that listens when the new one does, every one under an
  /// earlier key, and the oldest that do not listen if there are more than `limit`. One whose connection has ended meanwhile is
  /// not added.
  func add(_ client: Client, limit: Int) -> [Client] {
    state.withLock { state in
      guard !client.hasEnded else { return [] }
      var replaced: [Client] = []
      var kept = [client]
      for other in state.byDevice[client.address] ?? [] {
        // The instances of an application do not replace one another, whichever of its keys they have.
        if !client.isApplication, (client.listens && other.listens) || other.generation < client.generation {
          other.supersede()
          replaced.append(other)
          state.bySession[other.number] = nil
        } else {
          kept.append(other)
        }
      }
      // The newest comes first.
      while kept.count > max(limit, 1),
        let oldest = kept.dropFirst().lastIndex(where: { !$0.listens || client.isApplication })
      {
        let surplus = kept.remove(at: oldest)
        replaced.append(surplus)
        state.bySession[surplus.number] = nil
      }
      state.byDevice[client.address] = kept
      state.bySession[client.number] = client
      if client.isApplication, client.listens { state.instances[client.address.system, default: []].append(client) }
      return replaced
    }
  }

  /// Ends what sessions under keys before `generation` may ask for, and returns them.
  func supersede(_ address: DeviceAddress, before generation: Generation) -> [Client] {
    state.withLock { state in
      let sessions = state.byDevice[address] ?? []
      let replaced = sessions.filter { $0.generation < generation }
      for client in replaced {
        client.supersede()
        state.bySession[client.number] = nil
      }
      let rest = sessions.filter { $0.generation >= generation }
      state.byDevice[address] = rest.isEmpty ? nil : rest
      return replaced
    }
  }

  /// Keeps a session under a key that was replaced, and returns the one that it replaces.
  func keep(retired client: Client) -> Client? {
    state.withLock { client.hasEnded ? nil : $0.retired.updateValue(client, forKey: client.address) }
  }

  /// Removes a session; one that was already replaced is gone.
  func remove(_ client: Client) {
    state.withLock { state in
      client.hasEnded = true
      if client.isApplication {
        state.instances[client.address.system]?.removeAll { $0 === client }
        if state.instances[client.address.system]?.isEmpty == true { state.instances[client.address.system] = nil }
      }
      if state.retired[client.address] === client { state.retired[client.address] = nil }
      guard state.bySession[client.number] === client else { return }
      state.bySession[client.number] = nil
      let rest = state.byDevice[client.address]?.filter { $0 !== client } ?? []
      state.byDevice[client.address] = rest.isEmpty ? nil : rest
    }
  }

  /// The session that a frame to `address` is for; 0 means the one that listens.
  func client(_ address: DeviceAddress, session: UInt32) -> Client? {
    state.withLock { state in
      if session == 0 { return state.byDevice[address]?.first { $0.listens } }
      guard let client = state.bySession[session], client.address == address else { return nil }
      return client
    }
  }

  func isListening(_ address: DeviceAddress) -> Bool { client(address, session: 0) != nil }

  /// Every session of one device, including one under a replaced key.
  func sessions(of address: DeviceAddress) -> [Client] {
    state.withLock { ($0.byDevice[address] ?? []) + [$0.retired[address]].compactMap { $0 } }
  }

  /// The sessions of one device under a key that serves.
  func clients(of address: DeviceAddress) -> [Client] { state.withLock { $0.byDevice[address] ?? [] } }

  /// The instances of a system's applications that listen.
  func instances(in system: SystemID) -> [Client] { state.withLock { $0.instances[system] ?? [] } }

  /// The instances of one application that listen.
  func instances(of application: DeviceAddress) -> [Client] {
    instances(in: application.system).filter { $0.address == application }
  }

  func hasInstances(of application: DeviceAddress) -> Bool { !instances(of: application).isEmpty }

  var all: [Client] { state.withLock { Array($0.bySession.values) } }

  var count: Int { state.withLock { $0.bySession.count } }
}
