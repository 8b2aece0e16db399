// SPDX-License-Identifier: Apache-2.0

import CCurve25519
import CSodium
import Testing

@Suite("Microcontrollers' Ed25519: libsodium's verdicts")
struct VerificationTests {
  /// The verdict, which both must share.
  private func verdict(
    _ signature: [UInt8], _ message: [UInt8], _ key: [UInt8], _ comment: String = "",
    at location: SourceLocation = #_sourceLocation
  ) -> Bool {
    let own = curve25519_verify(signature, message, message.count, key) == 0
    let sodium = crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), key) == 0
    #expect(own == sodium, "\(comment)", sourceLocation: location)
    return own
  }

  @Test("random signatures, whole and with a bit turned")
  func random() {
    var random = SeededBytes(3)
    for round in 0..<60 {
      var (key, secret) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 64))
      _ = crypto_sign_ed25519_seed_keypair(&key, &secret, random.bytes(32))
      var message = random.bytes(round * 5)
      var signature = [UInt8](repeating: 0, count: 64)
      _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), secret)
      #expect(verdict(signature, message, key))
      signature[random.below(64)] ^= 1 << UInt8(random.below(8))
      #expect(!verdict(signature, message, key))
      message.append(1)
      #expect(!verdict(signature, message, key))
    }
  }

  @Test("Wycheproof: Ed25519")
  func wycheproof() throws {
    guard let file = try WycheproofFile("ed25519_test.json") else { return }
    var tally = WycheproofTally("\(file.name), microcontrollers' C")
    for group in file.groups {
      for vector in group.tests where vector.sig!.bytes.count == 64 {
        let isValid = verdict(vector.sig!.bytes, vector.msg!.bytes, group.publicKey!.pk.bytes, "test \(vector.tcId)")
        #expect(isValid == (vector.result == .valid), "test \(vector.tcId): \(vector.comment)")
        tally.run(vector.result.rawValue)
      }
    }
    tally.sayAloud()
  }

  private static let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010".hexBytes
  /// Every encoding of a point of small order, and with the other sign.
  private static let small: [[UInt8]] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ].map(\.hexBytes).flatMap { bytes in [bytes, Array(bytes.dropLast()) + [bytes[31] | 0x80]] }

  /// Encodings whose y is not below 2^255 - 19, and keys that are no points.
  private static let odd: [[UInt8]] = (0xED...0xFF).flatMap { low in
    [0x7F, 0xFF].map { top in [UInt8(low)] + [UInt8](repeating: 0xFF, count: 30) + [UInt8(top)] }
  }

  @Test("keys and commitments of small order, not reduced, or not points; scalars at and above the order")
  func edges() {
    var random = SeededBytes(4)
    var (key, secret) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 64))
    _ = crypto_sign_ed25519_seed_keypair(&key, &secret, random.bytes(32))
    let message = random.bytes(20)
    var signature = [UInt8](repeating: 0, count: 64)
    _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), secret)
    let scalar = Array(signature[32...])

    var above = scalar
    var carry = 0
    for i in 0..<32 {
      carry += Int(scalar[i]) + Int(Self.order[i])
      above[i] = UInt8(carry & 255)
      carry >>= 8
    }
    #expect(!verdict(Array(signature[..<32]) + above, message, key), "the scalar plus the order")
    for number in [Self.order, [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32)] {
      for commitment in Self.small + Self.odd {
        for owner in Self.small + [key] { #expect(!verdict(commitment + number, message, owner)) }
      }
    }
    for strange in Self.small + Self.odd {
      #expect(!verdict(strange + scalar, message, key))
      #expect(!verdict(signature, message, strange))
    }
    // Half of these are no points; none of the signatures is good.
    for _ in 0..<40 { _ = verdict(signature, message, random.bytes(32)) }
  }

  @Test("keys and commitments with a part of small order")
  func mixedOrder() throws {
    var random = SeededBytes(5)
    var taken = 0
    for round in 0..<64 {
      // A = a B + t, R = r B + u for t, u of small order; s = r + h a: valid where h t = u, and only libsodium's own equation counts.
      let a = reduced(random.bytes(64)), r = reduced(random.bytes(64))
      let key = added(multiple(a), Self.small[round % Self.small.count])
      let commitment = added(multiple(r), Self.small[round / 4 % Self.small.count])
      guard let key, let commitment else { continue }
      let message = random.bytes(8)
      var (digest, s) = ([UInt8](repeating: 0, count: 64), [UInt8](repeating: 0, count: 32))
      let hashed = commitment + key + message
      _ = crypto_hash_sha512(&digest, hashed, UInt64(hashed.count))
      let h = reduced(digest)
      crypto_core_ed25519_scalar_mul(&s, h, a)
      let product = s
      crypto_core_ed25519_scalar_add(&s, product, r)
      taken += verdict(commitment + s, message, key) ? 1 : 0
    }
    #expect(taken > 0, "some of them are valid")
  }

  private func reduced(_ wide: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    crypto_core_ed25519_scalar_reduce(&result, wide)
    return result
  }

  private func multiple(_ scalar: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    _ = crypto_scalarmult_ed25519_base_noclamp(&result, scalar)
    return result
  }

  private func added(_ left: [UInt8], _ right: [UInt8]) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: 32)
    return crypto_core_ed25519_add(&result, left, right) == 0 ? result : nil
  }

  @Test("a number of 64 bytes modulo the order")
  func scalars() {
    var random = SeededBytes(6)
    let edges = [[UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xFF, count: 64), Self.order + Self.order]
    for wide in edges + (0..<50).map({ _ in random.bytes(64) }) {
      var (own, memory) = ([UInt8](repeating: 0, count: 32), [UInt32](repeating: 0, count: 40))
      ed25519_scalar_reduce(&own, wide, &memory)
      #expect(own == reduced(wide))
    }
  }
}

extension String {
  /// The bytes that hexadecimal digits stand for.
  var hexBytes: [UInt8] {
    let digits = Array(self)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
  }
}
