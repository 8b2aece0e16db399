// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import FleetSupport
import CountersignCrypto
import TestSeed
import Testing
import Wire

@Suite("Attacks on identity-based credentials")
struct AttackTests {
  let master = try! Master()

  /// The scheme without R in the hash: exists here only, so that the guard is proved.
  private func brokenHash(_ fields: CertificateFields) -> Edwards25519.Scalar {
    let empty = IdentityCredential(fields: fields, issuance: .injected, point: Bytes())
    let encoded = empty.encoded
    var digest = [UInt8](repeating: 0, count: 64)
    var target = digest.mutableBytes
    let input = [UInt8](copying: master.publicKey.bytes.bytes) + encoded.prefix(20)
    Hash.SHA512.hash(input.bytes, into: &target)
    var h = Edwards25519.Scalar()
    h.reduce(digest.bytes)
    return h
  }

  /// R = sB - hX, for a key s that the attacker has chosen and anybody's name.
  private func forged(_ h: borrowing Edwards25519.Scalar, _ s: borrowing Edwards25519.Scalar) throws -> Bytes<32> {
    var minusH = Edwards25519.Scalar.minusOne
    minusH.multiply(by: h)
    return try Edwards25519.Point(base: s).adding(master.publicKey.point.multiplied(by: minusH)).bytes
  }

  @Test("Without R in the hash anyone forges a key for anyone; with it the same forgery leads nowhere")
  func pointOutsideTheHash() throws {
    let fields = master.fields(device: 0xBAD)
    var generator = SeededGenerator(for: "forgery")
    for _ in 0..<20 {
      let s = Edwards25519.Scalar.drawn(&generator)
      let h = brokenHash(fields)
      let r = try forged(h, s)
      // What the broken scheme would reconstruct is the forger's own key.
      let reconstructed = try Edwards25519.Point(decoding: r).adding(master.publicKey.point.multiplied(by: h))
      #expect(try reconstructed == Edwards25519.Point(base: s))
      // The real one reconstructs a key that the forger does not have.
      var key = X25519.PrivateKey()
      try key.load(lifting: s)
      let credential = IdentityCredential(fields: fields, issuance: .injected, point: r)
      #expect(try credential.publicKey(under: master.publicKey) != key.publicKey)
    }
  }

  @Test("One r for two credentials reveals the master key")
  func reusedRandomness() throws {
    var generator = SeededGenerator(for: "reused randomness")
    // An issuer that does not hedge: its own x, and a generator that repeats itself.
    let x = Edwards25519.Scalar.drawn(&generator)
    let publicKey = MasterPublicKey(try Edwards25519.Point(base: x))
    let r = Edwards25519.Scalar.drawn(&generator)
    let point = try Edwards25519.Point(base: r).bytes
    func issue(_ device: UInt64) -> (s: [UInt8], h: [UInt8]) {
      let fields = CertificateFields(
        issuer: publicKey.keyID, system: SystemID(1), device: DeviceID(device), generation: 1, lastEpoch: 2)
      let h = hash(IdentityCredential(fields: fields, issuance: .injected, point: point), publicKey)
      var s = Edwards25519.Scalar()
      s.copy(from: x)
      s.multiply(by: h)
      s.add(r)
      return (s.array, h.array)
    }
    let (a, b) = (issue(1), issue(2))
    // x = (s1 - s2) / (h1 - h2).
    var numerator = Edwards25519.Scalar()
    try numerator.load(a.s.bytes)
    var term = Edwards25519.Scalar()
    try term.load(b.s.bytes)
    numerator.subtract(term)
    var denominator = Edwards25519.Scalar()
    try denominator.load(a.h.bytes)
    try term.load(b.h.bytes)
    denominator.subtract(term)
    let inverse = denominator.inverse
    numerator.multiply(by: inverse)
    #expect(numerator.array == x.array)
  }

  /// h, written out once more.
  private func hash(_ credential: IdentityCredential, _ master: MasterPublicKey) -> Edwards25519.Scalar {
    let input =
      Array("countersign-v1 identity credential".utf8) + [UInt8](copying: master.bytes.bytes) + [0, 52]
      + credential.encoded
    var digest = [UInt8](repeating: 0, count: 64)
    var target = digest.mutableBytes
    Hash.SHA512.hash(input.bytes, into: &target)
    var h = Edwards25519.Scalar()
    h.reduce(digest.bytes)
    return h
  }

  @Test("A credential leads to another key when its id, system, generation, epoch or flavour is changed")
  func otherSubjects() throws {
    let credential = try master.injected()
    let key = try credential.publicKey(under: master.publicKey)
    for fields in [
      master.fields(system: 2), master.fields(device: 1), master.fields(generation: 2), master.fields(lastEpoch: 21),
    ] {
      let changed = IdentityCredential(fields: fields, issuance: .injected, point: credential.point)
      #expect(try changed.publicKey(under: master.publicKey) != key)
    }
    let flavour = IdentityCredential(fields: credential.fields, issuance: .blinded, point: credential.point)
    #expect(try flavour.publicKey(under: master.publicKey) != key)
  }

  @Test("Another master's credential is refused, and one that claims to be ours leads to another key")
  func otherMaster() throws {
    let other = try Master(2)
    var key = X25519.PrivateKey()
    let foreign = try other.key.issueInjected(other.fields(), into: &key)
    #expect(throws: CredentialsError.unknownIssuer(other.publicKey.keyID)) {
      try foreign.publicKey(under: master.publicKey)
    }
    let claimed = IdentityCredential(fields: master.fields(), issuance: .injected, point: foreign.point)
    #expect(try claimed.publicKey(under: master.publicKey) != key.publicKey)
  }

  @Test("A request that is no point of the group is refused before anything is issued")
  func badRequests() throws {
    var torsion = [UInt8](repeating: 0, count: 32)
    for point in [torsion, [1] + torsion.dropFirst(), [UInt8](repeating: 0xFF, count: 32)] {
      let request = try Bytes<32>(copying: point)
      #expect(throws: CredentialsError.invalidPoint) {
        try master.key.issueBlinded(master.fields(), request: request)
      }
    }
    // Of order 8 (the u-coordinate's test is in the vectors); then the same added to a good point.
    torsion = [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC,
      0x05,
      0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ]
    let request = try Bytes<32>(copying: torsion)
    #expect(throws: CredentialsError.invalidPoint) { try master.key.issueBlinded(master.fields(), request: request) }
  }

  @Test("Two credentials for one generation are evidence; credentials of two subjects are not")
  func evidence() throws {
    let a = try master.injected()
    let b = try master.injected()
    let evidence = try MisissuanceEvidence(a, b)
    #expect(try MisissuanceEvidence(b, a) == evidence)
    try evidence.check(under: master.publicKey)
    let encoded = evidence.encoded
    #expect(encoded.count == 106)
    #expect(try MisissuanceEvidence(decoding: encoded.bytes) == evidence)
    // A longer life does not make it another generation.
    _ = try MisissuanceEvidence(a, master.injected(master.fields(lastEpoch: 30)))
    #expect(throws: CredentialsError.notEvidence) { try MisissuanceEvidence(a, a) }
    #expect(throws: CredentialsError.notEvidence) {
      try MisissuanceEvidence(a, master.injected(master.fields(generation: 2)))
    }
    #expect(throws: CredentialsError.notEvidence) {
      try MisissuanceEvidence(a, master.injected(master.fields(device: 2)))
    }
    let turned = Array(encoded[..<2] + encoded[54...] + encoded[2..<54])
    #expect(throws: CredentialsError.notEvidence) { try MisissuanceEvidence(decoding: turned.bytes) }
    #expect(throws: CredentialsError.self) { try evidence.check(under: Master(3).publicKey) }
  }
}
