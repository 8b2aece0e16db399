// SPDX-License-Identifier: Apache-2.0

import Credentials
import Synchronization
import Wire

/// Keeps one system's devices from taking the server from another's. Devices are held back only while several systems are busy at
/// once: then each system has an equal share, plus what the others leave of theirs.
final class SystemShares: Sendable {
  /// Nanoseconds over which use is counted. A system that has used its share rests until the next window.
  static let window: UInt64 = 20_000_000

  private struct State {
    var window: UInt64 = 0
    var current: [SystemID: Double] = [:]
    var previous: [SystemID: Double] = [:]
    var currentTotal = 0.0
    var previousTotal = 0.0
  }

  private let capacity: Double
  private let state = Mutex(State())

  init(recordsPerSecond: Double) {
    capacity = recordsPerSecond * Double(Self.window) / 1e9
  }

  /// Counts a record of a system's device, a long one as several, and returns how many nanoseconds its connection must rest.
  func charge(_ system: SystemID, _ weight: Double = 1, at now: UInt64) -> UInt64 {
    state.withLock { state in
      let window = now / Self.window
      if window != state.window {
        let isNext = window == state.window + 1
        state.previous = isNext ? state.current : [:]
        state.previousTotal = isNext ? state.currentTotal : 0
        state.current = [:]
        state.currentTotal = 0
        state.window = window
      }
      state.current[system, default: 0] += weight
      state.currentTotal += weight
      let own = state.current[system] ?? 0
      let others = max(state.currentTotal - own, state.previousTotal - (state.previous[system] ?? 0))
      guard others > 0, own + others > capacity else { return 0 }
      let systems = Set(state.current.keys).union(state.previous.keys).count
      let share = max(capacity / Double(systems), capacity - others)
      return own > share ? (window + 1) * Self.window - now : 0
    }
  }
}
