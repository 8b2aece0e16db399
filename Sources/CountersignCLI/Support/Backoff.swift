import DeviceHost
import Foundation

/// Waits a little longer after each failure in a row, up to two seconds.
struct Backoff {
  private(set) var count = 0

  mutating func reset() { count = 0 }

  mutating func wait() {
    Thread.sleep(forTimeInterval: min(2, 0.1 * Double(1 << min(count, 5))))
    count += 1
  }
}

extension DeviceHostError {
  /// Whether another attempt, a little later, may succeed.
  var isTransient: Bool {
    switch self {
    case .unreachable, .connectionLost, .timedOut: true
    case .refused: true
    default: false
    }
  }
}
