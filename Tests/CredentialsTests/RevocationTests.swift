// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

@Suite("Revocation")
struct RevocationTests {
  let authority = try! Authority()
  let key = X25519.PrivateKey.random().publicKey

  @Test("reaches a generation and those before it, of this device of this system alone")
  func scope() throws {
    var trust = authority.trust()
    try trust.accept(authority.policy(from: 2, to: 1))
    try trust.accept(authority.revocation(device: 7, generation: 2))
    for generation: Generation in 1...2 {
      #expect(throws: CredentialsError.revoked(generation: 2)) {
        try trust.verify(authority.certificate(for: key, device: 7, generation: generation), isInitiator: true)
      }
    }
    try trust.verify(authority.certificate(for: key, device: 7, generation: 3), isInitiator: true)
    try trust.verify(authority.certificate(for: key, device: 8, generation: 1), isInitiator: true)
    try trust.verify(authority.certificate(for: key, system: 2, device: 7, generation: 1), isInitiator: true)
  }

  @Test("of every generation leaves none")
  func everyGeneration() throws {
    var trust = authority.trust()
    try trust.accept(authority.revocation(device: 7, generation: RevocationContent.everyGeneration))
    for generation: Generation in [1, 2, .max] {
      #expect(throws: CredentialsError.revoked(generation: .max)) {
        try trust.verify(authority.certificate(for: key, device: 7, generation: generation), isInitiator: true)
      }
    }
  }

  @Test("is not undone by an older statement about the same device, in either order")
  func order() throws {
    for generations: [Generation] in [[1, 5], [5, 1]] {
      var trust = authority.trust()
      for generation in generations {
        try trust.accept(authority.revocation(device: 7, generation: generation, lastEpoch: 10 + generation))
      }
      #expect(trust.revocations.count == 1)
      // It is kept as long as the longer of the two says.
      try trust.accept(authority.epoch(15))
      #expect(throws: CredentialsError.revoked(generation: 5)) {
        try trust.verify(authority.certificate(for: key, device: 7, generation: 5), isInitiator: true)
      }
    }
  }

  @Test("does not depend on the signature: a renewed certificate of a revoked generation is revoked")
  func renewed() throws {
    var trust = authority.trust()
    try trust.accept(authority.revocation(device: 7))
    let renewed = try authority.certificate(for: key, device: 7, lastEpoch: 500)
    #expect(throws: CredentialsError.revoked(generation: 1)) { try trust.verify(renewed, isInitiator: true) }
  }

  @Test("is forgotten when its last epoch has passed, and makes room")
  func forgetting() throws {
    var trust = authority.trust()
    for device: UInt64 in 0..<32 {
      try trust.accept(authority.revocation(device: device, lastEpoch: device < 16 ? 11 : 13))
    }
    #expect(trust.revocations.count == 32)
    try trust.accept(authority.epoch(11))
    #expect(trust.revocations.count == 32)
    try trust.accept(authority.epoch(12))
    #expect(trust.revocations.count == 16)
    try trust.accept(authority.revocation(device: 99, lastEpoch: 13))
    #expect(trust.revocations.isOverflowing == false)
    #expect(throws: CredentialsError.revoked(generation: 1)) {
      try trust.verify(authority.certificate(for: key, device: 99), isInitiator: true)
    }
    try trust.accept(authority.epoch(14))
    #expect(trust.revocations.count == 0)
  }

  @Test("that is over already takes no room")
  func old() throws {
    var trust = authority.trust(epoch: 10)
    try trust.accept(authority.revocation(lastEpoch: 9))
    #expect(trust.revocations.count == 0)
    try trust.accept(authority.revocation(lastEpoch: 10))
    #expect(trust.revocations.count == 1)
  }

  @Test(
    "that finds the list full closes it for everyone whom the server does not vouch for, over a restart, until it is over",
    arguments: [Epoch(12), .max])
  func overflow(lastEpoch: Epoch) throws {
    var trust = authority.trust()
    for device: UInt64 in 0..<32 { try trust.accept(authority.revocation(device: device, lastEpoch: lastEpoch)) }
    let innocent = try authority.certificate(for: key, device: 77, lastEpoch: .max)
    try trust.verify(innocent, isInitiator: true)

    try trust.accept(authority.revocation(device: 33, lastEpoch: lastEpoch))
    trust = try TrustStore(encoded: trust.encoded)
    #expect(trust.revocations.isOverflowing == true)
    #expect(throws: CredentialsError.revocationListFull) { try trust.verify(innocent, isInitiator: true) }
    try trust.verify(innocent, isInitiator: true, isVouchedFor: true)
    // Being vouched for does not help who is on the list.
    #expect(throws: CredentialsError.revoked(generation: 1)) {
      try trust.verify(
        authority.certificate(for: key, device: 5, lastEpoch: .max), isInitiator: true, isVouchedFor: true)
    }
    try trust.accept(authority.epoch(12))
    #expect(trust.revocations.isOverflowing == true)
    guard lastEpoch < .max else { return }
    try trust.accept(authority.epoch(13))
    try trust.verify(innocent, isInitiator: true)
  }

  @Test("A statement about a device already on a full list still counts, and closes nothing")
  func fullButKnown() throws {
    var trust = authority.trust()
    for device: UInt64 in 0..<32 { try trust.accept(authority.revocation(device: device)) }
    try trust.accept(authority.revocation(device: 31, generation: 9))
    #expect(trust.revocations.isOverflowing == false)
    #expect(throws: CredentialsError.revoked(generation: 9)) {
      try trust.verify(authority.certificate(for: key, device: 31, generation: 9), isInitiator: true)
    }
  }
}
