/// HKDF (RFC 5869), whole, and the two- and three-output form that Noise uses (specification, section 4.3).
public enum HKDF<Hash: HashFunction> {
  /// Extract and expand: fills `output` (at most 255 digests) from input keying material, salt and info.
  @inlinable
  public static func deriveKey(
    inputKeyMaterial: RawSpan, salt: RawSpan, info: RawSpan, into output: inout MutableRawSpan
  ) {
    precondition(output.byteCount <= 255 * Hash.digestLength, "HKDF gives at most 255 digests")
    var pseudorandomKey = SecretBytes<64>()
    defer { pseudorandomKey.wipe() }
    var key = pseudorandomKey.mutableBytes
    var extract = HMAC<Hash>(key: salt)
    extract.update(inputKeyMaterial)
    extract.finalize(into: &key)

    var block = SecretBytes<64>()
    defer { block.wipe() }
    var blockBytes = block.mutableBytes
    var done = 0
    var counter: UInt8 = 1
    while done < output.byteCount {
      var expand = HMAC<Hash>(key: key.bytes.extracting(0..<Hash.digestLength))
      if counter > 1 { expand.update(blockBytes.bytes.extracting(0..<Hash.digestLength)) }
      expand.update(info)
      withUnsafeBytes(of: counter) { expand.update(RawSpan(_unsafeBytes: $0)) }
      expand.finalize(into: &blockBytes)
      let count = min(Hash.digestLength, output.byteCount - done)
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
    var third = SecretBytes<64>()
    expand(
      chainingKey: &chainingKey, inputKeyMaterial: inputKeyMaterial, into: &second, &third, wantsThird: false)
  }

  /// Noise's HKDF with three outputs, the first in place of the chaining key.
  @inlinable
  public static func expand(
    chainingKey: inout SecretBytes<64>, inputKeyMaterial: RawSpan, into second: inout SecretBytes<64>,
    _ third: inout SecretBytes<64>, wantsThird: Bool = true
  ) {
    let length = Hash.digestLength
    var temporary = SecretBytes<64>()
    defer { temporary.wipe() }
    var temporaryBytes = temporary.mutableBytes
    var extract = HMAC<Hash>(key: chainingKey.bytes.extracting(0..<length))
    extract.update(inputKeyMaterial)
    extract.finalize(into: &temporaryBytes)

    // The three outputs are under one key, whose padding is hashed once and copied.
    var keyed = HMAC<Hash>(key: temporaryBytes.bytes.extracting(0..<length))
    defer { keyed.wipe() }
    var step = keyed
    step.updateByte(1)
    var first = chainingKey.mutableBytes
    step.finalize(into: &first)

    step = keyed
    step.update(first.bytes.extracting(0..<length))
    step.updateByte(2)
    var secondBytes = second.mutableBytes
    step.finalize(into: &secondBytes)

    guard wantsThird else { return }
    step = keyed
    step.update(secondBytes.bytes.extracting(0..<length))
    step.updateByte(3)
    var thirdBytes = third.mutableBytes
    step.finalize(into: &thirdBytes)
  }
}

extension HMAC {
  @inlinable
  mutating func updateByte(_ byte: UInt8) {
    withUnsafeBytes(of: byte) { update(RawSpan(_unsafeBytes: $0)) }
  }
}
