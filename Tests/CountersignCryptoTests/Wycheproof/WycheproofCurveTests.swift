// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Testing

@Suite("Wycheproof: X25519 and Ed25519")
struct WycheproofCurveTests {
  /// The flags under which a vector is "acceptable", and what this library does with it.
  private static let acceptable: [String: Bool] = [
    // Refused: the shared secret would be all zero.
    "LowOrderPublic": false, "ZeroSharedSecret": false,
    // Taken, as RFC 7748 says: a point on the twist, or a u-coordinate not reduced modulo p.
    "Twist": true, "NonCanonicalPublic": true,
    // Taken: nothing is wrong with them; they accompany one of the others.
    "SpecialPublicKey": true, "SmallPublicKey": true, "EdgeCaseShared": true, "EdgeCaseMultiplication": true,
    "Ktv": true,
  ]

  @Test("X25519")
  func x25519() throws {
    guard let file = try WycheproofFile("x25519_test.json") else { return }
    var tally = WycheproofTally(file.name)
    for vector in file.groups.flatMap(\.tests) {
      let key = try X25519.PrivateKey(copying: vector.private!.bytes)
      let peer = try X25519.PublicKey(copying: vector.public!.bytes)
      var isTaken = true
      if vector.result == .acceptable {
        for flag in vector.flags {
          let takes = try #require(
            Self.acceptable[flag] as Bool?, "test \(vector.tcId): what to do with \(flag) is not decided")
          isTaken = isTaken && takes
        }
      }
      var shared = SecretBytes<32>()
      if isTaken {
        try key.agree(with: peer, into: &shared)
        #expect([UInt8](copying: shared.bytes) == vector.shared!.bytes, "test \(vector.tcId): \(vector.comment)")
      } else {
        #expect(vector.shared!.bytes.allSatisfy { $0 == 0 })
        #expect(throws: CryptoError.lowOrderPoint, "test \(vector.tcId): \(vector.comment)") {
          try key.agree(with: peer, into: &shared)
        }
      }
      tally.run(vector.result == .acceptable ? "acceptable and \(isTaken ? "taken" : "refused")" : "valid")
    }
    tally.sayAloud()
  }

  @Test("Ed25519")
  func ed25519() throws {
    guard let file = try WycheproofFile("ed25519_test.json") else { return }
    var tally = WycheproofTally(file.name)
    for group in file.groups {
      let key = try Ed25519.PublicKey(copying: group.publicKey!.pk.bytes)
      for vector in group.tests {
        #expect(vector.result != .acceptable, "test \(vector.tcId) leaves a choice that nobody has made")
        guard let signature = try? Ed25519.Signature(copying: vector.sig!.bytes) else {
          // A signature of another length cannot even be written down.
          #expect(vector.result == .invalid, "test \(vector.tcId): \(vector.comment)")
          tally.run("invalid by length")
          continue
        }
        let isValid = Ed25519.isValid(signature, for: vector.msg!.bytes.bytes, under: key)
        #expect(isValid == (vector.result == .valid), "test \(vector.tcId): \(vector.comment)")
        tally.run(vector.result.rawValue)
      }
    }
    tally.sayAloud()
  }
}
