// SPDX-License-Identifier: Apache-2.0

#if SwiftCrypto
  @_spi(Testing) import CountersignCrypto
  import Crypto
  import Foundation
  import Testing

  @Suite("ML-KEM-768 beside swift-crypto")
  struct SwiftCryptoTests {
    /// COUNTERSIGN_MLKEM_AGREEMENTS, by default 200.
    private static let rounds =
      ProcessInfo.processInfo.environment["COUNTERSIGN_MLKEM_AGREEMENTS"].flatMap { Int($0) } ?? 200

    @Test("keys, secrets both ways, and implicit rejection")
    func agreement() throws {
      var random = SeededBytes(203)
      for round in 0..<Self.rounds {
        let seed = random.bytes(64)
        var ours = CountersignCrypto.MLKEM768.PrivateKey()
        try ours.load(seed: seed.bytes)
        let theirs = try Crypto.MLKEM768.PrivateKey(seedRepresentation: Data(seed), publicKey: nil)
        let publicKey = [UInt8](copying: ours.publicKey)
        #expect(Data(publicKey) == theirs.publicKey.rawRepresentation, "round \(round)")

        var (ciphertext, secret) = try encapsulated(to: ours.publicKey, randomness: random.bytes(32).bytes)
        #expect(try theirs.decapsulate(Data(ciphertext)).bytes == secret, "round \(round)")
        let sent = try theirs.publicKey.encapsulate()
        #expect(try decapsulated(Array(sent.encapsulated), by: ours) == sent.sharedSecret.bytes, "round \(round)")

        ciphertext[random.below(ciphertext.count)] ^= 1 << UInt8(random.below(8))
        #expect(
          try theirs.decapsulate(Data(ciphertext)).bytes == decapsulated(ciphertext, by: ours), "round \(round)")
      }
    }
  }

  extension SymmetricKey {
    fileprivate var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
  }
#endif
