// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The symmetric state of the specification, section 5.2, once more and by hand: arrays, HMAC from its definition, and no code of
/// the Noise module.
struct ByHand<H: Hash.Function> {
  var ck: [UInt8]
  var h: [UInt8]
  var k: [UInt8]?
  var n: UInt64 = 0

  init(name: String) {
    let bytes = Array(name.utf8)
    h =
      bytes.count <= H.digestLength
      ? bytes + [UInt8](repeating: 0, count: H.digestLength - bytes.count) : Self.hash(bytes)
    ck = h
  }

  static func hash(_ data: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: H.digestLength)
    var bytes = digest.mutableBytes
    H.hash(data.bytes, into: &bytes)
    return digest
  }

  /// RFC 2104, for every hash function: keyed BLAKE2 is something else.
  static func hmac(_ key: [UInt8], _ data: [UInt8]) -> [UInt8] {
    let padded = key + [UInt8](repeating: 0, count: H.blockLength - key.count)
    return hash(padded.map { $0 ^ 0x5C } + hash(padded.map { $0 ^ 0x36 } + data))
  }

  mutating func mixHash(_ data: [UInt8]) { h = Self.hash(h + data) }

  mutating func mixKey(_ material: [UInt8]) {
    let outputs = hkdf(material)
    ck = outputs.0
    // Section 5.2: a 64-byte output is truncated to 32 bytes.
    k = Array(outputs.1.prefix(32))
    n = 0
  }

  func hkdf(_ material: [UInt8]) -> ([UInt8], [UInt8]) {
    let temporary = Self.hmac(ck, material)
    let first = Self.hmac(temporary, [1])
    return (first, Self.hmac(temporary, first + [2]))
  }

  mutating func decryptAndHash(_ ciphertext: [UInt8]) throws -> [UInt8] {
    defer { mixHash(ciphertext) }
    guard let k else { return ciphertext }
    var plaintext = [UInt8](repeating: 0, count: ciphertext.count - tagLength)
    var bytes = plaintext.mutableBytes
    try Cipher.ChaChaPoly.open(ciphertext.bytes, into: &bytes, key: k.bytes, nonce: n, authenticating: h.bytes)
    n += 1
    return plaintext
  }
}

/// X25519 over arrays.
func agree(_ key: borrowing X25519.PrivateKey, _ peer: [UInt8]) throws -> [UInt8] {
  var shared = SecretBytes<32>()
  try key.agree(with: try X25519.PublicKey(copying: peer), into: &shared)
  return [UInt8](copying: shared.bytes)
}
