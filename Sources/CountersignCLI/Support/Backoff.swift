import DeviceHost
import Foundation

/// Waits a little longer after each failure in a row, up to two seconds.
struct Backoff {
  private(set) var count = 0

  mutating func reset() { count = 0 }

  /// - Parameter deadline: when to stop waiting in any case.
  mutating func wait(until deadline: ContinuousClock.Instant? = nil) {
    var pause = Duration.milliseconds(min(2000, 100 << min(count, 5)))
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
    case .refused, .tryLater: true
    default: false
    }
  }
}
