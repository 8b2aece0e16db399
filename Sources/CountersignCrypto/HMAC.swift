// SPDX-License-Identifier: Apache-2.0

import Builtin

extension Hash {
  /// HMAC (RFC 2104) over any of the hash functions. Noise requires it with BLAKE2 too; keyed BLAKE2 would not do.
  public struct HMAC<H: Hash.Function> {
    @usableFromInline var inner: H
    @usableFromInline var outer: H

    /// Starts a code under `key`. A key longer than a block is hashed first.
    @inlinable
    public init(key: RawSpan) {
      inner = H()
      outer = H()
      if key.byteCount > H.blockLength { absorbDigest(of: key) } else { absorb(key) }
    }

    /// Not inlined: Noise has no such key, and the space it takes would be on the stack of every code.
    @inlinable @inline(never)
    mutating func absorbDigest(of key: RawSpan) {
      var digest = SecretBytes<64>()
      defer { digest.wipe() }
      var digestBytes = digest.mutableBytes
      H.hash(key, into: &digestBytes)
      absorb(digest.bytes.extracting(0..<H.digestLength))
    }

    /// Starts both hashes with a block of the key, padded with zeros, under its mask.
    @inlinable
    mutating func absorb(_ key: RawSpan) {
      var block = KeyBlock(key, length: H.blockLength)
      defer { block.wipe() }
      block.mask(with: 0x3636_3636)
      inner.update(block.bytes)
      block.mask(with: 0x3636_3636 ^ 0x5C5C_5C5C)
      outer.update(block.bytes)
    }

    @inlinable
    public mutating func update(_ data: RawSpan) {
      inner.update(data)
    }

    /// Writes the code into the first `Hash.digestLength` bytes of `code` and wipes the state.
    @inlinable
    public mutating func finalize(into code: inout MutableRawSpan) {
      inner.finalize(into: &code)
      outer.update(code.bytes.extracting(0..<H.digestLength))
      outer.finalize(into: &code)
    }

    /// Overwrites a state that is not going to be finalised: it is as sensitive as its key.
    @inlinable
    public mutating func wipe() {
      inner.wipe()
      outer.wipe()
    }
  }
}

/// A block that HMAC pads a key to, in whole words: a small processor masks it four bytes at a time.
@usableFromInline
struct KeyBlock: ~Copyable {
  /// Room for the longest block of any hash function.
  @_rawLayout(size: 128, alignment: 4)
  @usableFromInline
  struct Room: ~Copyable {
    @inlinable init() {}

    @usableFromInline
    var start: UnsafeMutableRawPointer {
      @_transparent get { UnsafeMutableRawPointer(Builtin.addressOfRawLayout(self)) }
    }

    #if hasFeature(Embedded)
      /// Embedded Swift cannot end a value of raw storage without one.
      deinit {}
    #endif
  }

  @usableFromInline var room = Room()
  @usableFromInline let length: Int

  /// The key, padded with zeros to `length`: at least the key's own, at most 128, a multiple of 4.
  @inlinable
  init(_ key: RawSpan, length: Int) {
    self.length = length
    (room.start + key.byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: length - key.byteCount)
    var target = mutableBytes
    copyBytes(key, to: &target)
  }

  /// Xors every word with `word`.
  @inlinable
  mutating func mask(with word: UInt32) {
    let words = room.start.assumingMemoryBound(to: UInt32.self)
    for index in 0..<length / 4 { words[index] ^= word }
  }

  @inlinable
  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { _overrideLifetime(RawSpan(_unsafeStart: room.start, byteCount: length), borrowing: self) }
  }

  @inlinable
  var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get { _overrideLifetime(MutableRawSpan(_unsafeStart: room.start, byteCount: length), mutating: &self) }
  }

  @inlinable
  mutating func wipe() {
    var target = mutableBytes
    CountersignCrypto.wipe(&target)
  }
}
