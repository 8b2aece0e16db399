// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation

/// Waits about twice as long after each consecutive failure, up to half a minute, with jitter for those who failed at the same
/// time.
struct Backoff {
  private(set) var count = 0

  mutating func reset() { count = 0 }

  /// - Parameter deadline: when to stop waiting in any case.
  mutating func wait(until deadline: ContinuousClock.Instant? = nil) {
    var pause = min(Duration.seconds(30), .milliseconds(100 << min(count, 9))) * Double.random(in: 0.5...1)
    if let deadline { pause = min(pause, deadline - .now) }
    if pause > .zero { Thread.sleep(forTimeInterval: pause / .seconds(1)) }
    count += 1
  }
}

extension DeviceHostError {
  /// Whether another attempt, a little later, may succeed.
  var isTransient: Bool {
    switch self {
    case .unreachable, .connectionLost, .timedOut: true
    case .hungUp, .tryLater: true
    default: false
    }
  }
}
