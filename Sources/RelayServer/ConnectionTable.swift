// SPDX-License-Identifier: Apache-2.0

import Strangers
import Synchronization
import Relay

/// All open connections, and who makes room when there are too many.
///
/// Connections that have proved nothing yet make room for each other: first the one that has been silent longest, from the source
/// with the most; those that have sent a whole frame after those that have not, unless they are more than half. A connection
/// whose device has authenticated makes room for nobody.
final class ConnectionTable: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: NIOConnection] = [:]
    var strangers: SourceQueue<NIOConnection>
    var entries: [ObjectIdentifier: SourceQueue<NIOConnection>.Entry] = [:]

    mutating func evict() -> NIOConnection? {
      guard let (connection, _) = strangers.evictOldest() else { return nil }
      entries[ObjectIdentifier(connection)] = nil
      connections[ObjectIdentifier(connection)] = nil
      return connection
    }
  }

  private let state: Mutex<State>
  private let limits: RelayLimits

  init(limits: RelayLimits) {
    self.limits = limits
    state = Mutex(State(strangers: SourceQueue(share: { limits.share(of: $0) })))
  }

  /// Adds a stranger's connection, in the place of another one if necessary; false when there is no room.
  func admit(_ connection: NIOConnection, from source: SourceAddress) -> Bool {
    let (isAdmitted, evicted) = state.withLock { state in
      var evicted: [NIOConnection] = []
      while state.strangers.count >= limits.maximumUnauthenticated, let one = state.evict() { evicted.append(one) }
      while state.connections.count >= limits.maximumConnections {
        guard let one = state.evict() else { return (false, evicted) }
        evicted.append(one)
      }
      state.connections[ObjectIdentifier(connection)] = connection
      state.entries[ObjectIdentifier(connection)] = state.strangers.append(connection, from: source)
      return (true, evicted)
    }
    for one in evicted { one.close(.evicted) }
    return isAdmitted
  }

  /// A stranger has sent a whole frame, or has been answered: it is silent from now on.
  func favour(_ connection: NIOConnection) {
    state.withLock { state in
      if let entry = state.entries[ObjectIdentifier(connection)] { state.strangers.favour(entry) }
    }
  }

  /// The device has proved who it is; false when the connection has just been evicted.
  func promote(_ connection: NIOConnection) -> Bool {
    state.withLock { state in
      guard let entry = state.entries.removeValue(forKey: ObjectIdentifier(connection)) else { return false }
      return state.strangers.remove(entry)
    }
  }

  func remove(_ connection: NIOConnection) {
    state.withLock { state in
      state.connections[ObjectIdentifier(connection)] = nil
      if let entry = state.entries.removeValue(forKey: ObjectIdentifier(connection)) { state.strangers.remove(entry) }
    }
  }

  /// Ends up to `count` connections of strangers, when something other than the limits has run out.
  func shed(_ count: Int) {
    let evicted = state.withLock { state in (0..<count).compactMap { _ in state.evict() } }
    for one in evicted { one.close(.evicted) }
  }

  var all: [NIOConnection] { state.withLock { Array($0.connections.values) } }

  var isEmpty: Bool { state.withLock { $0.connections.isEmpty } }
}
