// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records

/// Which requests of one instance of an application a device has had: the last 64 counters. Stored with the channel.
struct RequestWindow: Equatable, Sendable {
  /// Counters that are told apart, the highest included.
  static let size: UInt64 = 64

  var instance = InstanceID()
  /// One more than the highest counter; 0 in a place that no instance has taken.
  var next: UInt64 = 0
  /// Bit i: the counter `next - 1 - i` was had.
  var had: UInt64 = 0

  var isFree: Bool { next == 0 }

  /// Whether a request is new, and not behind the window. 2^64 - 1 is never new.
  func isFresh(_ counter: UInt64) -> Bool {
    guard counter < next else { return counter != .max }
    let behind = next - 1 - counter
    return behind < Self.size && had & 1 &<< behind == 0
  }

  /// Marks a fresh counter as had.
  mutating func accept(_ counter: UInt64) {
    if counter < next {
      had |= 1 &<< (next - 1 - counter)
    } else {
      let steps = counter - next + 1
      had = steps < Self.size ? had &<< steps | 1 : 1
      next = counter + 1
    }
  }
}
