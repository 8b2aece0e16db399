/// HMAC (RFC 2104) over any of the hash functions. Noise asks for it with BLAKE2 too, where keyed BLAKE2 would not do.
public struct HMAC<Hash: HashFunction> {
  @usableFromInline var inner: Hash
  @usableFromInline var outer: Hash

  /// Starts a code under `key`. A key longer than a block is hashed first.
  @inlinable
  public init(key: RawSpan) {
    inner = Hash()
    outer = Hash()
    if key.byteCount > Hash.blockLength {
      var digest = SecretBytes<64>()
      defer { digest.wipe() }
      var digestBytes = digest.mutableBytes
      Hash.hash(key, into: &digestBytes)
      absorb(digest.bytes.extracting(0..<Hash.digestLength))
    } else {
      absorb(key)
    }
  }

  /// Starts both hashes with a block of the key, padded with zeros, under its mask.
  @inlinable
  mutating func absorb(_ key: RawSpan) {
    var block = SecretBytes<128>()
    defer { block.wipe() }
    var blockBytes = block.mutableBytes
    var masked = blockBytes.prefix(Hash.blockLength)
    masked.mask(key, with: 0x36)
    inner.update(masked.bytes)
    masked.mask(key, with: 0x5C)
    outer.update(masked.bytes)
  }

  @inlinable
  public mutating func update(_ data: RawSpan) {
    inner.update(data)
  }

  /// Writes the code into the first `Hash.digestLength` bytes of `code` and wipes the state.
  @inlinable
  public mutating func finalize(into code: inout MutableRawSpan) {
    inner.finalize(into: &code)
    outer.update(code.bytes.extracting(0..<Hash.digestLength))
    outer.finalize(into: &code)
  }

  /// Overwrites a state that is not going to be finalised: it is worth as much as its key.
  @inlinable
  public mutating func wipe() {
    inner.wipe()
    outer.wipe()
  }
}

extension MutableRawSpan {
  /// Becomes `source`, padded with zeros, every byte of it xored with `value`. Only the bytes that `source` has are computed.
  @inlinable
  @_lifetime(self: copy self)
  mutating func mask(_ source: RawSpan, with value: UInt8) {
    withUnsafeMutableBytes { buffer in
      for index in buffer.indices { buffer[index] = value }
      source.withUnsafeBytes { source in
        for index in source.indices { buffer[index] ^= source[index] }
      }
    }
  }
}
