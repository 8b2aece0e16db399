// SPDX-License-Identifier: Apache-2.0

import AllocationCounter

/// Counting heap allocations, to show that a path has none.
public enum Allocations {
  /// Whether this build counts. A sanitizer keeps malloc for itself, and another C library has no way in.
  public static var canBeCounted: Bool { allocation_counter_is_available() }

  /// The number of heap allocations that the calling thread makes in `body`.
  @inline(never)
  public static func count<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Int {
    allocation_counter_start()
    do {
      try body()
    } catch {
      _ = allocation_counter_stop()
      throw error
    }
    return Int(allocation_counter_stop())
  }
}
