// SPDX-License-Identifier: Apache-2.0

extension Hash {
  /// HKDF (RFC 5869) in full, and the two- and three-output form that Noise uses (specification, section 4.3).
  public enum HKDF<H: Hash.Function> {
    /// Extract and expand: fills `output` (at most 255 digests) from input keying material, salt and info.
    @inlinable
    public static func deriveKey(
      inputKeyMaterial: RawSpan, salt: RawSpan, info: RawSpan, into output: inout MutableRawSpan
    ) {
      precondition(output.byteCount <= 255 * H.digestLength, "HKDF gives at most 255 digests")
      var pseudorandomKey = SecretBytes<64>()
      defer { pseudorandomKey.wipe() }
      var key = pseudorandomKey.mutableBytes
      var extract = Hash.HMAC<H>(key: salt)
      extract.update(inputKeyMaterial)
      extract.finalize(into: &key)

      var block = SecretBytes<64>()
      defer { block.wipe() }
      var blockBytes = block.mutableBytes
      var done = 0
      var counter: UInt8 = 1
      while done < output.byteCount {
        var expand = Hash.HMAC<H>(key: key.bytes.extracting(0..<H.digestLength))
        if counter > 1 { expand.update(blockBytes.bytes.extracting(0..<H.digestLength)) }
        expand.update(info)
        withUnsafeBytes(of: counter) { expand.update(RawSpan(_unsafeBytes: $0)) }
        expand.finalize(into: &blockBytes)
        let count = min(H.digestLength, output.byteCount - done)
        copyBytes(blockBytes.bytes.extracting(0..<count), to: &output, at: done)
        done += count
        counter &+= 1
      }
    }

    /// Noise's HKDF(chaining_key, input_key_material, 2): the chaining key is replaced in place, the second output written.
    @inlinable
    public static func expand(
      chainingKey: inout SecretBytes<64>, inputKeyMaterial: RawSpan, into second: inout SecretBytes<64>
    ) {
      var keyed = extract(chainingKey: chainingKey, inputKeyMaterial)
      defer { keyed.wipe() }
      expand(&keyed, &chainingKey, &second)
    }

    /// Noise's HKDF with three outputs, the first in place of the chaining key.
    @inlinable
    public static func expand(
      chainingKey: inout SecretBytes<64>, inputKeyMaterial: RawSpan, into second: inout SecretBytes<64>,
      _ third: inout SecretBytes<64>
    ) {
      var keyed = extract(chainingKey: chainingKey, inputKeyMaterial)
      defer { keyed.wipe() }
      expand(&keyed, &chainingKey, &second)
      var thirdBytes = third.mutableBytes
      keyed.writeCode(of: second.bytes.extracting(0..<H.digestLength), 3, into: &thirdBytes)
    }

    @inlinable
    static func expand(
      _ keyed: inout Hash.HMAC<H>, _ chainingKey: inout SecretBytes<64>, _ second: inout SecretBytes<64>
    ) {
      var first = chainingKey.mutableBytes
      keyed.writeCode(of: RawSpan(), 1, into: &first)
      var secondBytes = second.mutableBytes
      keyed.writeCode(of: chainingKey.bytes.extracting(0..<H.digestLength), 2, into: &secondBytes)
    }

    /// The state under the temporary key that all outputs share: the key's padding is hashed once. A separate function, not
    /// inlined, so that the space it takes on a small device's stack is free again before the outputs are made.
    @inlinable @inline(never)
    static func extract(chainingKey: borrowing SecretBytes<64>, _ inputKeyMaterial: RawSpan) -> Hash.HMAC<H> {
      var temporary = SecretBytes<64>()
      defer { temporary.wipe() }
      var temporaryBytes = temporary.mutableBytes
      var extract = Hash.HMAC<H>(key: chainingKey.bytes.extracting(0..<H.digestLength))
      extract.update(inputKeyMaterial)
      extract.finalize(into: &temporaryBytes)
      return Hash.HMAC<H>(key: temporaryBytes.bytes.extracting(0..<H.digestLength))
    }
  }
}

extension Hash.HMAC {
  /// Writes the code of `message` and one more byte, and leaves this state as it was, for another code under the same key.
  /// Nothing here changes the state: `mutating` has it passed by its address, not as a copy.
  @inlinable @inline(never)
  mutating func writeCode(of message: RawSpan, _ last: UInt8, into code: inout MutableRawSpan) {
    var step = inner
    step.update(message)
    withUnsafeBytes(of: last) { step.update(RawSpan(_unsafeBytes: $0)) }
    step.finalize(into: &code)
    step = outer
    step.update(code.bytes.extracting(0..<H.digestLength))
    step.finalize(into: &code)
  }
}
