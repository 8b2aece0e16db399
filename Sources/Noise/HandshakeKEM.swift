// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The tokens of the modifier `hfs`. Without a KEM none of this is linked.
extension HandshakeMachine where K: ~Copyable {
  /// Writes the field of `e1` or `ekem1` at `offset`, and returns where it ends.
  @inlinable @inline(never)
  mutating func writeKEM(_ token: Token, into message: inout MutableRawSpan, at offset: Int) throws(NoiseError) -> Int {
    var field = message.suffix(from: offset)
    let end = offset + kemFieldLength(token, isEncrypted: symmetric.cipher.hasKey)
    guard token == .ekem1 else {
      kem.makeKey(into: &field)
      try symmetric.encryptAndHash(inPlace: &field, count: K.publicKeyLength)
      return end
    }
    var shared = SecretBytes<32>()
    defer { shared.wipe() }
    try kem.encapsulate(into: &field, &shared)
    try symmetric.encryptAndHash(inPlace: &field, count: K.ciphertextLength)
    symmetric.mixKey(shared.bytes)
    return end
  }

  /// Reads the field of `e1` or `ekem1` at `offset`, and returns where it ends.
  @inlinable @inline(never)
  mutating func readKEM(_ token: Token, _ message: RawSpan, at offset: Int) throws(NoiseError) -> Int {
    let end = offset + kemFieldLength(token, isEncrypted: symmetric.cipher.hasKey)
    var content = Bytes<1184>()
    var bytes = content.mutableBytes
    let length = try symmetric.decryptAndHash(message.extracting(offset..<end), into: &bytes)
    guard token == .ekem1 else {
      try kem.setPeerKey(content.bytes.extracting(0..<length))
      return end
    }
    var shared = SecretBytes<32>()
    defer { shared.wipe() }
    kem.decapsulate(content.bytes.extracting(0..<length), into: &shared)
    symmetric.mixKey(shared.bytes)
    return end
  }

  @inlinable
  func kemFieldLength(_ token: Token, isEncrypted: Bool) -> Int {
    (token == .e1 ? K.publicKeyLength : K.ciphertextLength) + (isEncrypted ? tagLength : 0)
  }

  /// Gives the 64 bytes from which the KEM's key pair follows, for the party that sends `e1`, or the 32 bytes from which its
  /// ciphertext does, for the other. Two handshakes with the same ones break both: for test vectors only.
  @_spi(Testing)
  public mutating func setKEMRandomness(_ randomness: RawSpan) {
    precondition(phase == .collectingKeys, "keys are given before the handshake starts")
    kem.fix(randomness)
  }
}
