// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

@Suite("What a device has met of its peers")
struct MetGenerationTests {
  let authority = try! Authority()
  let key = X25519.PrivateKey.random().publicKey

  private func fields(_ device: UInt64, _ generation: Generation) throws -> CertificateFields {
    try authority.certificate(for: key, device: device, generation: generation).fields
  }

  @Test(
    "An earlier generation than one that was met is refused where the server does not vouch for it, and stays refused")
  func met() throws {
    var trust = authority.trust()
    #expect(try trust.meet(fields(1, 2)))
    #expect(try !trust.meet(fields(1, 2)))
    #expect(throws: CredentialsError.superseded(generation: 2)) { try trust.meet(fields(1, 1)) }
    #expect(throws: CredentialsError.superseded(generation: 2)) {
      try trust.check(fields(1, 1), isInitiator: true)
    }
    try trust.check(fields(1, 1), isInitiator: true, isVouchedFor: true)
    for generation: Generation in 2...3 { try trust.check(fields(1, generation), isInitiator: true) }
    try trust.check(fields(2, 1), isInitiator: true)
    // What the device is told later changes it; what it was told before does not.
    try trust.accept(authority.rotation(device: 1, generation: 4))
    try trust.accept(authority.rotation(device: 1, generation: 3))
    #expect(throws: CredentialsError.superseded(generation: 4)) { try trust.check(fields(1, 3), isInitiator: true) }
    // It is not an epoch's matter.
    try trust.accept(authority.epoch(20))
    #expect(throws: CredentialsError.superseded(generation: 4)) { try trust.meet(fields(1, 3)) }
  }

  @Test("A statement that nobody of the owner's has signed, or whose certificates have all expired, changes nothing")
  func statements() throws {
    var trust = authority.trust()
    var bytes = try authority.rotation(device: 1, generation: 2).encoded
    bytes[17] ^= 1
    #expect(throws: CredentialsError.invalidSignature) { try trust.accept(RotationStatement(decoding: bytes.bytes)) }
    try trust.accept(authority.rotation(device: 1, generation: 2, lastEpoch: 1))
    try trust.check(fields(1, 1), isInitiator: true)
    let statement = try authority.rotation()
    #expect(RotationStatement.encodedLength == 88 && statement.encoded.count == 88)
    #expect(try RotationStatement(decoding: statement.encoded.bytes) == statement)
  }

  @Test(
    "Peers and revocations share 32 places: a revocation takes a peer's, a peer whom the device meets another peer's")
  func places() throws {
    var trust = authority.trust()
    for device in 1...UInt64(RevocationList.capacity) { _ = try trust.meet(fields(device, 2)) }
    var met = trust.revocations.metCount
    #expect(met == RevocationList.capacity)
    // One that it has only heard of has to wait.
    try trust.accept(authority.rotation(device: 100, generation: 2))
    try trust.check(fields(100, 1), isInitiator: true)
    #expect(try trust.meet(fields(101, 5)))
    #expect(throws: CredentialsError.superseded(generation: 5)) { try trust.check(fields(101, 4), isInitiator: true) }
    for device in 200..<UInt64(200 + RevocationList.capacity) {
      try trust.accept(authority.revocation(device: device))
      #expect(throws: CredentialsError.revoked(generation: 1)) { try trust.check(fields(device, 1), isInitiator: true) }
    }
    met = trust.revocations.metCount
    let (count, isOverflowing) = (trust.revocations.count, trust.revocations.isOverflowing)
    #expect(met == 0 && count == RevocationList.capacity && !isOverflowing)
    #expect(try !trust.meet(fields(1, 9)), "no revocation makes room for a peer")
  }

  @Test("Whoever shows its first key, which has replaced none, takes no other's place")
  func firstGeneration() throws {
    var trust = authority.trust()
    _ = try trust.meet(fields(1, 2))
    for device in 2...UInt64(3 * RevocationList.capacity) { #expect(try !trust.meet(fields(device, 1))) }
    let met = trust.revocations.metCount
    #expect(met == 1)
    #expect(throws: CredentialsError.superseded(generation: 2)) { try trust.check(fields(1, 1), isInitiator: true) }
  }

  @Test("They are kept in the places of the list, and a store written before knows none")
  func stored() throws {
    var trust = authority.trust()
    try trust.accept(authority.revocation(device: 7))
    _ = try trust.meet(fields(8, 3))
    var bytes = [UInt8](repeating: 0, count: TrustStore.encodedLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    trust.encode(&writer)
    _ = consume writer
    var reader = ByteReader(bytes.bytes)
    let loaded = try TrustStore(&reader)
    let counts = (loaded.revocations.count, loaded.revocations.metCount)
    #expect(counts == (1, 1))
    #expect(throws: CredentialsError.superseded(generation: 3)) { try loaded.check(fields(8, 2), isInitiator: true) }
    #expect(throws: CredentialsError.revoked(generation: 1)) { try loaded.check(fields(7, 1), isInitiator: true) }
  }
}
