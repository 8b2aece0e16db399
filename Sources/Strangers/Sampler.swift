// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets a few of many events be reported, and counts the others by kind, so that reports are bounded whatever strangers do.
public final class Sampler: Sendable {
  private struct State {
    var second = Int64.min
    var told = 0
    var untold: [String: Int] = [:]
  }

  private let state = Mutex(State())
  private let perSecond: Int
  private let clock: @Sendable () -> Int64

  /// - Parameters:
  ///   - perSecond: how many are reported in each second.
  ///   - clock: whole seconds from anywhere.
  public init(perSecond: Int, clock: @escaping @Sendable () -> Int64 = Sampler.monotonicSeconds) {
    self.perSecond = perSecond
    self.clock = clock
  }

  /// Whether to report this event.
  ///
  /// - Parameter kind: one of a few.
  public func admits(_ kind: String) -> Bool {
    let now = clock()
    return state.withLock { state in
      if state.second != now {
        state.second = now
        state.told = 0
      }
      guard state.told < perSecond else {
        state.untold[kind, default: 0] += 1
        return false
      }
      state.told += 1
      return true
    }
  }

  /// How many of each kind were not reported since the last call.
  public func takeUntold() -> [String: Int] {
    state.withLock { state in
      defer { state.untold = [:] }
      return state.untold
    }
  }

  /// Seconds since this machine started.
  public static let monotonicSeconds: @Sendable () -> Int64 = {
    let start = ContinuousClock.now
    return { start.duration(to: .now).components.seconds }
  }()
}
