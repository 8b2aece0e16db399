// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto

/// An attacker's own SymmetricState of the Noise specification (section 5.2), SHA-256 and ChaChaPoly: unlike the one of module
/// Noise it can be fed Diffie-Hellman values from anywhere, for either party, or none.
struct NoiseTranscript {
  private(set) var h: [UInt8]
  private var ck: [UInt8]
  private var k: [UInt8]?
  private var n: UInt64 = 0

  init(pattern: String, prologue: [UInt8]) {
    let name = Array("Noise_\(pattern)_25519_ChaChaPoly_SHA256".utf8)
    h = name.count <= 32 ? name + [UInt8](repeating: 0, count: 32 - name.count) : Self.hash(name)
    ck = h
    mixHash(prologue)
  }

  mutating func mixHash(_ data: [UInt8]) { h = Self.hash(h + data) }

  mutating func mixKey(_ input: [UInt8]) {
    let output = Self.expand(ck, input, 64)
    ck = Array(output[..<32])
    k = Array(output[32...])
    n = 0
  }

  mutating func mixKeyAndHash(_ input: [UInt8]) {
    let output = Self.expand(ck, input, 96)
    ck = Array(output[..<32])
    mixHash(Array(output[32..<64]))
    k = Array(output[64...])
    n = 0
  }

  mutating func encryptAndHash(_ plaintext: [UInt8]) throws -> [UInt8] {
    defer { n += 1 }
    var ciphertext = plaintext
    if let k {
      var cipher = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: k))
      cipher.nonce = n
      ciphertext = try cipher.encrypt(plaintext, authenticating: h)
    }
    mixHash(ciphertext)
    return ciphertext
  }

  mutating func decryptAndHash(_ ciphertext: [UInt8]) throws -> [UInt8] {
    defer { n += 1 }
    var plaintext = ciphertext
    if let k {
      var cipher = CipherState<Cipher.ChaChaPoly>(key: try SecretBytes<32>(copying: k))
      cipher.nonce = n
      plaintext = try cipher.decrypt(ciphertext, authenticating: h)
    }
    mixHash(ciphertext)
    return plaintext
  }

  /// The keys of both directions, the initiator's first.
  func split() -> (fromInitiator: [UInt8], fromResponder: [UInt8]) {
    let output = Self.expand(ck, [], 64)
    return (Array(output[..<32]), Array(output[32...]))
  }

  private static func hash(_ data: [UInt8]) -> [UInt8] {
    var digest = Bytes<32>()
    var span = digest.mutableBytes
    Hash.SHA256.hash(data.bytes, into: &span)
    return digest.array
  }

  private static func expand(_ ck: [UInt8], _ input: [UInt8], _ count: Int) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    var span = output.mutableBytes
    Hash.HKDF<Hash.SHA256>.deriveKey(inputKeyMaterial: input.bytes, salt: ck.bytes, info: RawSpan(), into: &span)
    return output
  }
}
