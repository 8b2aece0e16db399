// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import TestSeed
import Testing
import Wire

@Suite("What a device believes")
struct TrustStoreTests {
  let authority = try! Authority()
  let key = X25519.PrivateKey.random().publicKey

  @Test("A good certificate is believed, whoever opened the conversation")
  func good() throws {
    let certificate = try authority.certificate(for: key)
    try authority.trust().verify(certificate, isInitiator: true)
    try authority.trust().verify(certificate, isInitiator: false)
  }

  @Test(
    "An issuer that is not trusted is unknown; its successor is known once it is set, and both are while they overlap")
  func issuers() throws {
    let next = try Authority(seed: 0xB2)
    let certificate = try next.certificate(for: key)
    var trust = authority.trust()
    #expect(throws: CredentialsError.unknownIssuer(next.issuer.keyID)) {
      try trust.verify(certificate, isInitiator: true)
    }
    trust.setSuccessor(next.anchor)
    try trust.verify(certificate, isInitiator: true)
    try trust.verify(authority.certificate(for: key), isInitiator: true)
    trust.setSuccessor(nil)
    #expect(throws: CredentialsError.unknownIssuer(next.issuer.keyID)) {
      try trust.verify(certificate, isInitiator: true)
    }
  }

  @Test("Two trusted keys may share an id of two bytes")
  func sharedID() throws {
    // Found by trying seeds: the search is part of the test, so that the pair holds for whatever the id is made of.
    var byID: [IssuerKeyID: [UInt8]] = [:]
    var generator = SeededGenerator(seed: 1)
    var pair: (Ed25519.PublicKey, seed: [UInt8])?
    while pair == nil {
      let seed = generator.bytes(32)
      let candidate = try Ed25519.PrivateKey(seed: seed.bytes)
      if let other = byID.updateValue(seed, forKey: IssuerKeyID(candidate.publicKey)) {
        pair = (candidate.publicKey, other)
      }
    }
    let (first, seed) = pair!
    let signer = try SeedSigner(seed)
    #expect(IssuerKeyID(first) == IssuerKeyID(signer.publicKey) && first != signer.publicKey)
    var trust = TrustStore(anchor: first, system: SystemID(1), epoch: 0)
    trust.setSuccessor(signer.publicKey)
    let certificate = try Issuer(signer).certificate(
      for: key, system: SystemID(1), device: DeviceID(1), generation: 1, lastEpoch: 9)
    try trust.verify(certificate, isInitiator: true)
  }

  @Test("The last epoch is the last in which a certificate is good")
  func expiry() throws {
    let certificate = try authority.certificate(for: key, lastEpoch: 20)
    var trust = authority.trust()
    try trust.accept(authority.epoch(20))
    try trust.verify(certificate, isInitiator: true)
    try trust.accept(authority.epoch(21))
    #expect(throws: CredentialsError.expired(lastEpoch: 20, current: 21)) {
      try trust.verify(certificate, isInitiator: true)
    }
    // Who signed it is still known, which is all that renewing asks for.
    try trust.verifySignature(of: certificate)
  }

  @Test("The epoch never goes back")
  func epoch() throws {
    var trust = authority.trust()
    for (statement, expected): (Epoch, Epoch) in [(12, 12), (11, 12), (0, 12), (12, 12), (.max, .max), (12, .max)] {
      try trust.accept(authority.epoch(statement))
      #expect(trust.epoch == expected)
    }
  }

  @Test("A policy lets one system speak first to another, in one direction, until its last epoch")
  func policies() throws {
    let foreign = try authority.certificate(for: key, system: 2)
    var trust = authority.trust(system: 1)
    let refused = CredentialsError.foreignSystem(SystemID(2))
    #expect(throws: refused) { try trust.verify(foreign, isInitiator: true) }
    #expect(throws: refused) { try trust.verify(foreign, isInitiator: false) }

    try trust.accept(authority.policy(from: 2, to: 1, lastEpoch: 15))
    try trust.verify(foreign, isInitiator: true)
    #expect(throws: refused) { try trust.verify(foreign, isInitiator: false) }
    #expect(trust.allows(from: SystemID(2), to: SystemID(1)) && !trust.allows(from: SystemID(1), to: SystemID(2)))

    try trust.accept(authority.policy(from: 1, to: 2, lastEpoch: 15))
    try trust.verify(foreign, isInitiator: false)

    try trust.accept(authority.epoch(16))
    #expect(throws: refused) { try trust.verify(foreign, isInitiator: true) }
    #expect(throws: refused) { try trust.verify(foreign, isInitiator: false) }
  }

  @Test("A later policy about the same systems replaces the earlier: that is how one is withdrawn")
  func withdrawal() throws {
    let foreign = try authority.certificate(for: key, system: 2)
    var trust = authority.trust(system: 1)
    try trust.accept(authority.policy(from: 2, to: 1, lastEpoch: 15))
    try trust.accept(authority.policy(from: 2, to: 1, lastEpoch: 9))
    #expect(throws: CredentialsError.foreignSystem(SystemID(2))) { try trust.verify(foreign, isInitiator: true) }
  }

  @Test("Policies of other systems take no room, and a ninth one grants nothing")
  func policyRoom() throws {
    var trust = authority.trust(system: 1)
    for system: UInt32 in 100..<120 { try trust.accept(authority.policy(from: system, to: system + 1)) }
    for system: UInt32 in 2..<10 { try trust.accept(authority.policy(from: system, to: 1)) }
    for system: UInt32 in 2..<10 { #expect(trust.allows(from: SystemID(system), to: SystemID(1)) == true) }
    try trust.accept(authority.policy(from: 10, to: 1))
    #expect(trust.allows(from: SystemID(10), to: SystemID(1)) == false)
    #expect(trust.allows(from: SystemID(100), to: SystemID(101)) == false)
  }
}

private final class SeedSigner: Signer {
  private let key: Ed25519.PrivateKey
  init(_ seed: [UInt8]) throws(CryptoError) { key = try Ed25519.PrivateKey(seed: seed.bytes) }
  var publicKey: Ed25519.PublicKey { key.publicKey }
  func signature(for message: RawSpan) -> Ed25519.Signature { key.signature(for: message) }
}
