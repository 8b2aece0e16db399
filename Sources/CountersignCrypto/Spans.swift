// SPDX-License-Identifier: Apache-2.0

import CSodium

/// The byte copy that every module needs: spans have none.
@inlinable
public func copyBytes(_ source: RawSpan, to destination: inout MutableRawSpan, at offset: Int = 0) {
  precondition(offset >= 0 && source.byteCount <= destination.byteCount - offset, "copy exceeds its destination")
  destination.withUnsafeMutableBytes { target in
    source.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress, let to = target.baseAddress, bytes.count > 0 else { return }
      (to + offset).copyMemory(from: from, byteCount: bytes.count)
    }
  }
}

/// Overwrites memory in a way that the optimiser may not remove.
public func wipe(_ bytes: inout MutableRawSpan) {
  bytes.withUnsafeMutableBytes { buffer in
    guard let base = buffer.baseAddress else { return }
    sodium_memzero(base, buffer.count)
  }
}

/// The same word, about which the optimiser no longer knows anything. It may turn a mask that it knows to be all zeros or all
/// ones into a branch, and on a Cortex-M0 does: the time would reveal which of the two it was.
public func valueBarrier(_ word: UInt32) -> UInt32 { countersign_value_barrier(word) }

/// Compares two byte strings in time that depends only on their lengths.
public func constantTimeEquals(_ a: RawSpan, _ b: RawSpan) -> Bool {
  guard a.byteCount == b.byteCount else { return false }
  return a.withUnsafeBytes { left in
    b.withUnsafeBytes { right in
      guard let left = left.baseAddress, let right = right.baseAddress else { return true }
      return sodium_memcmp(left, right, a.byteCount) == 0
    }
  }
}

/// Fills memory from the system's generator (on bare metal: from the board's `randombytes_buf`).
public func fillWithRandomBytes(_ bytes: inout MutableRawSpan) {
  bytes.withUnsafeMutableBytes { buffer in
    guard let base = buffer.baseAddress, buffer.count > 0 else { return }
    randombytes_buf(base, buffer.count)
  }
}

extension MutableSpan where Element == UInt8 {
  /// This span as raw bytes, with its own lifetime: the standard library's `mutableBytes` borrows from the span instead.
  @usableFromInline
  @_transparent
  @_lifetime(copy self)
  consuming func intoBytes() -> MutableRawSpan {
    let start = withUnsafeMutableBytes { $0.baseAddress }
    guard let start else { return MutableRawSpan() }
    return _overrideLifetime(MutableRawSpan(_unsafeStart: start, byteCount: count), copying: self)
  }
}

extension MutableRawSpan {
  /// The bytes from `offset` on, for writing.
  @inlinable
  @_lifetime(&self)
  public mutating func suffix(from offset: Int) -> MutableRawSpan {
    _mutatingExtracting(offset...)
  }

  /// The first `count` bytes, for writing.
  @inlinable
  @_lifetime(&self)
  public mutating func prefix(_ count: Int) -> MutableRawSpan {
    _mutatingExtracting(..<count)
  }
}
