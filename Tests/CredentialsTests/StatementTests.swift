// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

@Suite("Statements")
struct StatementTests {
  let authority = try! Authority()

  @Test("have the lengths that the formats say, and come back")
  func roundTrip() throws {
    let epoch = try authority.epoch(0xABCD)
    let revocation = try authority.revocation(generation: .max, lastEpoch: 0x0102, sequence: 0xDEAD_BEEF)
    let policy = try authority.policy(from: 1, to: 0xFFFF_FFFE)
    #expect(
      (EpochStatement.encodedLength, RevocationStatement.encodedLength, PolicyStatement.encodedLength) == (70, 88, 78))
    #expect(try EpochStatement(decoding: epoch.encoded.bytes) == epoch)
    #expect(try RevocationStatement(decoding: revocation.encoded.bytes) == revocation)
    #expect(try PolicyStatement(decoding: policy.encoded.bytes) == policy)
  }

  @Test("with any bit turned are refused")
  func everyBit() throws {
    let epoch = try authority.epoch(11).encoded
    let revocation = try authority.revocation().encoded
    let policy = try authority.policy(from: 1, to: 2).encoded
    for bit in 0..<epoch.count * 8 {
      var trust = authority.trust()
      #expect(throws: (any Error).self, "epoch, bit \(bit)") {
        try trust.accept(EpochStatement(decoding: flipping(bit, of: epoch).bytes))
      }
    }
    for bit in 0..<revocation.count * 8 {
      var trust = authority.trust()
      #expect(throws: (any Error).self, "revocation, bit \(bit)") {
        try trust.accept(RevocationStatement(decoding: flipping(bit, of: revocation).bytes))
      }
    }
    for bit in 0..<policy.count * 8 {
      var trust = authority.trust()
      #expect(throws: (any Error).self, "policy, bit \(bit)") {
        try trust.accept(PolicyStatement(decoding: flipping(bit, of: policy).bytes))
      }
    }
  }

  @Test("of one kind are not taken for another")
  func kinds() throws {
    let epoch = try authority.epoch(11).encoded
    #expect(throws: WireError.unexpectedKind(3)) { try RevocationStatement(decoding: epoch.bytes) }
    #expect(throws: WireError.unexpectedKind(3)) { try PolicyStatement(decoding: epoch.bytes) }
    #expect(throws: WireError.unexpectedKind(3)) { try Certificate(decoding: epoch.bytes) }
    let revocation = try authority.revocation().encoded
    #expect(throws: WireError.unexpectedKind(4)) { try EpochStatement(decoding: revocation.bytes) }
  }

  @Test("with flags that mean nothing are refused; every reason of a revocation is kept")
  func flags() throws {
    var bytes = try authority.epoch(11).encoded
    bytes[1] = 1
    #expect(throws: WireError.reservedFlags(1)) { try EpochStatement(decoding: bytes.bytes) }
    bytes = try authority.policy(from: 1, to: 2).encoded
    bytes[1] = 0x80
    #expect(throws: WireError.reservedFlags(0x80)) { try PolicyStatement(decoding: bytes.bytes) }
    for flags in UInt8.min ... .max {
      bytes = try authority.revocation().encoded
      bytes[1] = flags
      if let reason = RevocationReason(rawValue: flags) {
        #expect(try RevocationStatement(decoding: bytes.bytes).content.reason == reason)
      } else {
        #expect(throws: WireError.reservedFlags(flags)) { try RevocationStatement(decoding: bytes.bytes) }
      }
    }
  }

  @Test("of an unknown issuer, or of a stranger with the right id, are refused")
  func issuers() throws {
    let stranger = try Authority(seed: 0xB2)
    var trust = authority.trust()
    #expect(throws: CredentialsError.unknownIssuer(stranger.issuer.keyID)) { try trust.accept(stranger.epoch(11)) }
    var forged = try stranger.epoch(11).encoded
    forged.replaceSubrange(2..<4, with: try authority.epoch(11).encoded[2..<4])
    #expect(throws: CredentialsError.invalidSignature) { try trust.accept(EpochStatement(decoding: forged.bytes)) }
    #expect(trust.epoch == 10)
  }

  @Test(
    "What is signed is a label, the fields and the key; without the label, which no other protocol has, nothing verifies"
  )
  func domains() throws {
    let label = Array("countersign-v1".utf8) + [0]
    let key = X25519.PrivateKey.random().publicKey
    let certificate = try authority.certificate(for: key)
    let fields = Array(certificate.encoded.prefix(20)) + [UInt8](copying: key.bytes)
    let statement = try authority.revocation()
    let content = Array(statement.encoded.prefix(24))
    for (signed, signature) in [(fields, try #require(certificate.signature)), (content, statement.signature)] {
      let labelled = label + signed
      let isValid = Ed25519.isValid(signature, for: labelled.bytes, under: authority.anchor)
      let isValidBare = Ed25519.isValid(signature, for: signed.bytes, under: authority.anchor)
      #expect(isValid && !isValidBare)
    }
  }
}
