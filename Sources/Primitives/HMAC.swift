/// HMAC (RFC 2104) over any of the hash functions. Noise asks for it with BLAKE2 too, where keyed BLAKE2 would not do.
public struct HMAC<Hash: HashFunction> {
  @usableFromInline var inner: Hash
  @usableFromInline var outer: Hash

  /// Starts a code under `key`. A key longer than a block is hashed first.
  @inlinable
  public init(key: RawSpan) {
    inner = Hash()
    outer = Hash()
    var pad = SecretBytes<128>()
    defer { pad.wipe() }
    var padBytes = pad.mutableBytes
    if key.byteCount > Hash.blockLength {
      Hash.hash(key, into: &padBytes)
    } else {
      copyBytes(key, to: &padBytes)
    }
    padBytes.xorAll(0x36)
    inner.update(padBytes.bytes.extracting(0..<Hash.blockLength))
    padBytes.xorAll(0x36 ^ 0x5C)
    outer.update(padBytes.bytes.extracting(0..<Hash.blockLength))
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
  @inlinable
  @_lifetime(self: copy self)
  mutating func xorAll(_ value: UInt8) {
    withUnsafeMutableBytes { buffer in
      for index in buffer.indices { buffer[index] ^= value }
    }
  }
}
