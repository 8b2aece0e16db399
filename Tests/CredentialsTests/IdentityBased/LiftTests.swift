// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import FleetSupport
import CountersignCrypto
import TestSeed
import Testing

#if SwiftCrypto
  import Crypto
#endif

@Suite("Lift")
struct LiftTests {
  @Test("10,000 drawn scalars become keys that clamping leaves alone and that have the scalar's public key")
  func lifts() throws {
    var generator = SeededGenerator(for: "lift")
    var changedByClamping = 0
    for _ in 0..<10_000 {
      let scalar = Edwards25519.Scalar.drawn(&generator)
      let expected = try Edwards25519.Point(base: scalar).montgomery
      var key = X25519.PrivateKey()
      try key.load(lifting: scalar)
      let bytes = [UInt8](copying: key.secretBytes)
      if bytes[0] & 7 != 0 || bytes[31] & 0xC0 != 0x40 { Issue.record("not a fixed point of clamping: \(bytes)") }
      if key.publicKey != expected { Issue.record("another public key: \(scalar.array)") }
      let unlifted = try X25519.PrivateKey(copying: scalar.array)
      if unlifted.publicKey != expected { changedByClamping += 1 }
    }
    // What the lift is for: without it not one of the keys would be right.
    #expect(changedByClamping == 10_000)
  }

  #if SwiftCrypto
    @Test("10,000 lifted keys agree with random ones in BoringSSL's X25519 as in ours")
    func agreements() throws {
      var generator = SeededGenerator(for: "agreements")
      for _ in 0..<10_000 {
        let scalar = Edwards25519.Scalar.drawn(&generator)
        var key = X25519.PrivateKey()
        try key.load(lifting: scalar)
        let theirs = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: [UInt8](copying: key.secretBytes))
        let expected = try Edwards25519.Point(base: scalar).montgomery
        if Array(theirs.publicKey.rawRepresentation) != [UInt8](copying: expected.bytes) {
          Issue.record("another public key: \(scalar.array)")
        }
        let peer = Curve25519.KeyAgreement.PrivateKey()
        var shared = SecretBytes<32>()
        let peerKey = try X25519.PublicKey(copying: Array(peer.publicKey.rawRepresentation))
        try key.agree(with: peerKey, into: &shared)
        let other = try peer.sharedSecretFromKeyAgreement(
          with: Curve25519.KeyAgreement.PublicKey(rawRepresentation: [UInt8](copying: expected.bytes)))
        if other.withUnsafeBytes({ Array($0) }) != [UInt8](copying: shared.bytes) {
          Issue.record("no agreement: \(scalar.array)")
        }
      }
    }
  #endif
}
