// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import FleetSupport
import CountersignCrypto
import TestSupport
import Testing

@Suite("Issuing identity-based credentials")
struct IssuanceTests {
  let master = try! Master()

  @Test("blinded: the credential leads to the key that only the device can compute")
  func blinded() throws {
    var request = IdentityRequest()
    request.generate()
    let answer = try master.key.issueBlinded(master.fields(), request: request.point)
    var key = X25519.PrivateKey()
    try request.complete(answer, under: master.publicKey, into: &key)
    #expect(try answer.credential.publicKey(under: master.publicKey) == key.publicKey)
    #expect(answer.credential.issuance == .blinded)
    // The contribution alone is not the key.
    var contribution = Edwards25519.Scalar()
    try contribution.load(answer.contribution.bytes)
    var guess = X25519.PrivateKey()
    try guess.load(lifting: contribution)
    #expect(guess.publicKey != key.publicKey)
  }

  @Test("injected: the key fits and does not come out the same twice")
  func injected() throws {
    var first = X25519.PrivateKey()
    var second = X25519.PrivateKey()
    let a = try master.key.issueInjected(master.fields(), into: &first)
    let b = try master.key.issueInjected(master.fields(), into: &second)
    #expect(try a.publicKey(under: master.publicKey) == first.publicKey)
    #expect(try b.publicKey(under: master.publicKey) == second.publicKey)
    #expect(a.point != b.point && a.issuance == .injected)
  }

  @Test("escrow: the key can be computed again, and the credential says so")
  func escrow() throws {
    var first = X25519.PrivateKey()
    var second = X25519.PrivateKey()
    let a = try master.key.issueEscrow(master.fields(), into: &first)
    let b = try master.key.issueEscrow(master.fields(), into: &second)
    #expect(a == b && first.publicKey == second.publicKey && a.issuance == .escrow)
    #expect(a.encoded[1] == 2)
    let other = try master.key.issueEscrow(master.fields(generation: 2), into: &second)
    #expect(other.point != a.point && second.publicKey != first.publicKey)
  }

  @Test("A credential is 52 bytes, and the same once read")
  func encoding() throws {
    let credential = try master.injected()
    #expect(credential.encoded.count == 52)
    let encoded = credential.encoded
    #expect(try IdentityCredential(decoding: encoded.bytes) == credential)
  }

  @Test("A repeated random number does not repeat r, because the request and the fields go into it")
  func hedged() throws {
    let random = [UInt8](repeating: 7, count: 32)
    var key = X25519.PrivateKey()
    let a = try master.key.issueInjected(master.fields(), random: random.bytes, into: &key)
    let b = try master.key.issueInjected(master.fields(device: 2), random: random.bytes, into: &key)
    #expect(a.point != b.point)
  }

  @Test("An answer to another request, a spoilt one and another master's are refused, and the key stays as it was")
  func wrongAnswers() throws {
    var request = IdentityRequest()
    request.generate()
    var other = IdentityRequest()
    other.generate()
    var key = X25519.PrivateKey.random()
    let before = key.publicKey
    let answer = try master.key.issueBlinded(master.fields(), request: request.point)
    #expect(throws: CredentialsError.subjectMismatch) {
      try other.complete(answer, under: master.publicKey, into: &key)
    }
    for bit in 0..<8 * BlindedCredential.encodedLength {
      let bytes = flipping(bit, of: answer.encoded)
      #expect(throws: (any Error).self) {
        try request.complete(BlindedCredential(decoding: bytes.bytes), under: master.publicKey, into: &key)
      }
    }
    let stranger = try Master(9)
    #expect(throws: CredentialsError.self) {
      try request.complete(answer, under: stranger.publicKey, into: &key)
    }
    #expect(key.publicKey == before)
  }

  @Test("A stored request goes on where it was")
  func storedRequest() throws {
    var request = IdentityRequest()
    request.generate()
    let stored = [UInt8](copying: request.secretBytes)
    let answer = try master.key.issueBlinded(master.fields(), request: request.point)
    var restored = IdentityRequest()
    try restored.load(stored.bytes)
    #expect(restored.point == request.point)
    var key = X25519.PrivateKey()
    try restored.complete(answer, under: master.publicKey, into: &key)
    let zero = [UInt8](repeating: 0, count: 32)
    #expect(throws: CredentialsError.invalidPoint) { try restored.load(zero.bytes) }
    let large = [UInt8](repeating: 0xFF, count: 32)
    #expect(throws: CredentialsError.invalidPoint) { try restored.load(large.bytes) }
  }

  @Test(
    "Nothing is allocated by reading a credential and reconstructing its key",
    .enabled(if: Allocations.canBeCounted, "a sanitizer has malloc for itself"))
  func allocations() throws {
    let encoded = try master.injected().encoded
    let publicKey = master.publicKey
    func run() throws {
      _ = try IdentityCredential(decoding: encoded.bytes).publicKey(under: publicKey)
    }
    _ = try Allocations.count(run)
    #expect(try Allocations.count(run) == 0)
  }
}
