// SPDX-License-Identifier: Apache-2.0

import CCurve25519
import CSodium
import CountersignCrypto
import Testing

@Suite("Microcontrollers' Curve25519 beside libsodium")
struct AgreementTests {
  private func own(_ scalar: [UInt8], _ point: [UInt8]) -> [UInt8]? {
    var shared = [UInt8](repeating: 0, count: 32)
    return curve25519_agree(&shared, scalar, point) == 0 ? shared : nil
  }

  private func sodium(_ scalar: [UInt8], _ point: [UInt8]) -> [UInt8]? {
    var shared = [UInt8](repeating: 0, count: 32)
    return crypto_scalarmult_curve25519(&shared, scalar, point) == 0 ? shared : nil
  }

  @Test("X25519 of random keys and points")
  func x25519() {
    var random = SeededBytes(1)
    for _ in 0..<200 {
      let (scalar, point) = (random.bytes(32), random.bytes(32))
      #expect(own(scalar, point) == sodium(scalar, point))
      var (key, expected) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
      curve25519_public_key(&key, scalar)
      _ = crypto_scalarmult_curve25519_base(&expected, scalar)
      #expect(key == expected)
    }
  }

  @Test("RFC 7748, section 5.2: a thousand iterations")
  func iterations() {
    var (scalar, point) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
    (scalar[0], point[0]) = (9, 9)
    for _ in 0..<1000 {
      let shared = own(scalar, point)!
      (scalar, point) = (shared, scalar)
    }
    #expect(scalar == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51".hexBytes)
  }

  @Test("Wycheproof: X25519")
  func wycheproofX25519() throws {
    guard let file = try WycheproofFile("x25519_test.json") else { return }
    var tally = WycheproofTally("\(file.name), microcontrollers' C")
    for vector in file.groups.flatMap(\.tests) {
      let expected = vector.shared!.bytes.allSatisfy { $0 == 0 } ? nil : vector.shared!.bytes
      #expect(own(vector.private!.bytes, vector.public!.bytes) == expected, "test \(vector.tcId): \(vector.comment)")
      tally.run(expected == nil ? "refused" : "taken")
    }
    tally.sayAloud()
  }

  @Test("SHA-256 in pieces")
  func sha256() {
    var random = SeededBytes(3)
    for size in 0...200 {
      let message = random.bytes(size)
      let cut = size == 0 ? 0 : random.below(size)
      var hash = curve25519_sha256()
      var (digest, expected) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
      curve25519_sha256_init(&hash)
      curve25519_sha256_update(&hash, message, cut)
      curve25519_sha256_update(&hash, Array(message[cut...]), size - cut)
      curve25519_sha256_final(&hash, &digest)
      _ = crypto_hash_sha256(&expected, message, UInt64(size))
      #expect(digest == expected)
      #expect(withUnsafeBytes(of: hash) { $0.allSatisfy { $0 == 0 } }, "nothing of the message stays")
    }
  }

  @Test("SHA-512 in pieces")
  func sha512() {
    var random = SeededBytes(2)
    for size in [0, 1, 111, 112, 113, 127, 128, 129, 239, 240, 255, 256, 1000] {
      let message = random.bytes(size)
      let cut = size == 0 ? 0 : random.below(size)
      var hash = curve25519_sha512()
      var (digest, expected) = ([UInt8](repeating: 0, count: 64), [UInt8](repeating: 0, count: 64))
      curve25519_sha512_init(&hash)
      curve25519_sha512_update(&hash, message, cut)
      curve25519_sha512_update(&hash, Array(message[cut...]), size - cut)
      curve25519_sha512_final(&hash, &digest)
      _ = crypto_hash_sha512(&expected, message, UInt64(size))
      #expect(digest == expected)
      #expect(withUnsafeBytes(of: hash) { $0.allSatisfy { $0 == 0 } }, "nothing of the message stays")
    }
  }
}
