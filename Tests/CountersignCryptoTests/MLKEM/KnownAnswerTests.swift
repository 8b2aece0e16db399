// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import CountersignCrypto
import Testing

@Suite("ML-KEM-768")
struct KnownAnswerTests {
  /// What kyber-py 1.2.0 computes from these seeds; OpenSSL 4.0.3 finds the same public key and the same two secrets.
  @Test("known answers of two other implementations")
  func knownAnswers() throws {
    let seed = """
      6b97cedb0f6dbeff7835042f0fc9233ba83041dcc4ff9f5d929dec53432b8a042e2f65720ab548f4a3030079a233116a\
      0b8492139835e1aa1d6bc773eef0c24e
      """.hexBytes
    let m = "d959c752a65f6b56d69a7c2a001b9d245a9512969adca25f349b35737fc8242c".hexBytes
    var key = MLKEM768.PrivateKey()
    try key.load(seed: seed.bytes)
    #expect(sha256(key.publicKey) == "0a3f3ba7bcfcd2a0a239dc086ede925171b075f9cc95a1cdcc3e4e25ae319af4".hexBytes)
    #expect(sha256(key.secretBytes) == "937b114b83023d89be2b1b407f9ea3b8a0c6558d8583749cad4c51230f05ae9e".hexBytes)

    var (ciphertext, secret) = try encapsulated(to: key.publicKey, randomness: m.bytes)
    #expect(sha256(ciphertext.bytes) == "4546651149159d7ed2a090c9c1e7151b61cfeb6b53f9cc042dec28c1a5b0da43".hexBytes)
    #expect(secret == "a1f617fd6a860304342d218474d5568799b8f1a2b612852621864bd384822c0a".hexBytes)
    #expect(try decapsulated(ciphertext, by: key) == secret)

    ciphertext[1087] ^= 1
    let rejected = try decapsulated(ciphertext, by: key)
    #expect(rejected == "9cf3c1a3b7ac880581f10292863c895e9c994013459ed6858a7ea9188fe18945".hexBytes)
  }

  @Test("random keys agree, and every run draws others")
  func agreement() throws {
    var seen: Set<[UInt8]> = []
    for _ in 0..<20 {
      var key = MLKEM768.PrivateKey()
      key.generate()
      var ciphertext = [UInt8](repeating: 0, count: MLKEM768.ciphertextLength)
      var shared = SecretBytes<32>()
      var bytes = ciphertext.mutableBytes
      try MLKEM768.encapsulate(to: key.publicKey, ciphertext: &bytes, into: &shared)
      let secret = [UInt8](copying: shared.bytes)
      #expect(try decapsulated(ciphertext, by: key) == secret)
      #expect(seen.insert(secret).inserted)
      #expect(seen.insert([UInt8](copying: key.publicKey)).inserted)
    }
  }

  @Test("a ciphertext with one bit changed gives another secret, the same each time")
  func tampered() throws {
    var random = SeededBytes(768)
    let key = try seededKey(&random)
    let (ciphertext, secret) = try encapsulated(to: key.publicKey, randomness: random.bytes(32).bytes)
    var seen: Set = [secret]
    for place in stride(from: 0, to: ciphertext.count, by: 31) + [959, 960, ciphertext.count - 1] {
      var changed = ciphertext
      changed[place] ^= 1 << UInt8(random.below(8))
      let rejected = try decapsulated(changed, by: key)
      #expect(seen.insert(rejected).inserted, "byte \(place)")
      #expect(try decapsulated(changed, by: key) == rejected)
    }
  }

  @Test("another key gets another secret")
  func otherKey() throws {
    var random = SeededBytes(769)
    let key = try seededKey(&random)
    let other = try seededKey(&random)
    let (ciphertext, secret) = try encapsulated(to: key.publicKey, randomness: random.bytes(32).bytes)
    #expect(try decapsulated(ciphertext, by: other) != secret)
  }

  @Test("a public key with a coefficient that is not below the modulus is refused, wherever it stands")
  func notReduced() throws {
    var random = SeededBytes(770)
    let key = try seededKey(&random)
    let valid = [UInt8](copying: key.publicKey)
    for coefficient in [0, 1, 255, 256, 500, 766, 767] {
      for value in [3329, 3330, 4095] {
        var changed = valid
        let (place, low) = (coefficient / 2 * 3, coefficient % 2 == 0)
        if low {
          changed[place] = UInt8(value & 255)
          changed[place + 1] = changed[place + 1] & 0xf0 | UInt8(value >> 8)
        } else {
          changed[place + 1] = changed[place + 1] & 0x0f | UInt8(value & 15) << 4
          changed[place + 2] = UInt8(value >> 4)
        }
        #expect(throws: CryptoError.invalidKey, "coefficient \(coefficient) is \(value)") {
          try encapsulated(to: changed.bytes, randomness: random.bytes(32).bytes)
        }
        var long = [UInt8](copying: key.secretBytes)
        long.replaceSubrange(1152..<2336, with: changed)
        var loaded = MLKEM768.PrivateKey()
        #expect(throws: CryptoError.invalidKey) { try loaded.load(long.bytes) }
      }
    }
    // 3328 is below it.
    var largest = valid
    (largest[0], largest[1]) = (0x00, largest[1] & 0xf0 | 0x0d)
    _ = try encapsulated(to: largest.bytes, randomness: random.bytes(32).bytes)
  }

  @Test("lengths are checked")
  func lengths() throws {
    var random = SeededBytes(771)
    let key = try seededKey(&random)
    var other = MLKEM768.PrivateKey()
    var shared = SecretBytes<32>()
    let bytes = random.bytes(3000)
    for wrong in [0, 63, 65] {
      #expect(throws: CryptoError.wrongLength(expected: 64, actual: wrong)) {
        try other.load(seed: bytes.bytes.extracting(0..<wrong))
      }
    }
    for wrong in [0, 2399, 2401] {
      #expect(throws: CryptoError.wrongLength(expected: 2400, actual: wrong)) {
        try other.load(bytes.bytes.extracting(0..<wrong))
      }
    }
    for wrong in [0, 1087, 1089] {
      #expect(throws: CryptoError.wrongLength(expected: 1088, actual: wrong)) {
        try key.decapsulate(bytes.bytes.extracting(0..<wrong), into: &shared)
      }
    }
    for wrong in [0, 1183, 1185] {
      #expect(throws: CryptoError.wrongLength(expected: 1184, actual: wrong)) {
        try encapsulated(to: bytes.bytes.extracting(0..<wrong), randomness: bytes.bytes.extracting(0..<32))
      }
    }
    var short = [UInt8](repeating: 0, count: 1087)
    var place = short.mutableBytes
    #expect(throws: CryptoError.bufferTooSmall(needed: 1088, available: 1087)) {
      try MLKEM768.encapsulate(to: key.publicKey, ciphertext: &place, into: &shared)
    }
  }
}
