// SPDX-License-Identifier: Apache-2.0

extension Hash {
  /// A Noise hash function (specification, section 4.3): at most 64 bytes of digest, streamed.
  public protocol Function {
    /// HASHLEN: the digest's length in bytes, 32 or 64.
    static var digestLength: Int { get }
    /// BLOCKLEN: the length HMAC pads its key to, in bytes.
    static var blockLength: Int { get }
    /// The function's name in a Noise protocol name.
    static var noiseName: StaticString { get }

    init()
    mutating func update(_ data: RawSpan)
    /// Writes the digest into the first ``digestLength`` bytes of `digest` and wipes the state.
    mutating func finalize(into digest: inout MutableRawSpan)
  }
}

extension Hash.Function {
  /// The digest of one byte string.
  @inlinable
  public static func hash(_ data: RawSpan, into digest: inout MutableRawSpan) {
    var state = Self()
    state.update(data)
    state.finalize(into: &digest)
  }

  /// Overwrites a state that is not going to be finalised.
  @inlinable
  public mutating func wipe() {
    withUnsafeMutableBytes(of: &self) { state in
      var bytes = MutableRawSpan(_unsafeBytes: state)
      CountersignCrypto.wipe(&bytes)
    }
  }
}

extension Hash.Function {
  /// Absorbs an ASCII label.
  @inlinable
  public mutating func update(_ label: StaticString) {
    update(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
  }
}
