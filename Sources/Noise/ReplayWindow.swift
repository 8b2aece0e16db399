// SPDX-License-Identifier: Apache-2.0

/// Remembers which counters have been seen, in a sliding window (RFC 6479: a ring of words, so that moving shifts nothing).
///
/// `words` 64-bit words give a window of at least `64 * (words - 1)` counters.
public struct ReplayWindow<let words: Int>: Sendable {
  @usableFromInline var bits = InlineArray<words, UInt64>(repeating: 0)
  /// One more than the highest counter seen; 0 before the first.
  @usableFromInline var next: UInt64 = 0

  @inlinable public init() {}

  /// Counters this far behind the highest one are still told apart.
  @inlinable public static var size: UInt64 { UInt64(words - 1) * 64 }

  /// Whether `counter` is new and not behind the window. 2^64 - 1 is reserved and never new.
  @inlinable
  public func isFresh(_ counter: UInt64) -> Bool {
    if counter == .max { return false }
    if counter >= next { return true }
    if next - counter > Self.size { return false }
    return bits[slot(counter)] & mask(counter) == 0
  }

  /// Marks `counter` as seen. Call it only once the message has been authenticated.
  @inlinable
  public mutating func accept(_ counter: UInt64) {
    precondition(isFresh(counter), "a counter is accepted once")
    if counter >= next {
      let oldBlock = next == 0 ? 0 : (next - 1) >> 6
      let steps = min((counter >> 6) - oldBlock, UInt64(words))
      var block = oldBlock
      for _ in 0..<steps {
        block += 1
        bits[Int(block % UInt64(words))] = 0
      }
      // A jump past the whole ring has cleared every word; the block it lands in is clean either way.
      bits[slot(counter)] = steps == UInt64(words) ? 0 : bits[slot(counter)]
      next = counter + 1
    }
    bits[slot(counter)] |= mask(counter)
  }

  @inlinable func slot(_ counter: UInt64) -> Int { Int((counter >> 6) % UInt64(words)) }
  @inlinable func mask(_ counter: UInt64) -> UInt64 { 1 << (counter & 63) }
}

extension ReplayWindow {
  /// Whether `counter` lies within the window, seen or not.
  @inlinable
  public func covers(_ counter: UInt64) -> Bool { counter >= next || next - counter <= Self.size }
}
