// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import TestSupport
import Testing

@Suite("Nothing is allocated", .enabled(if: Allocations.canBeCounted, "a sanitizer has malloc for itself"))
struct AllocationTests {
  let authority = try! Authority()

  private func count(_ body: () throws -> Void) throws -> Int {
    // The first run pays what happens once in a process.
    _ = try Allocations.count(body)
    return try Allocations.count(body)
  }

  @Test("by encoding, decoding and verifying a certificate, in both forms")
  func certificate() throws {
    let certificate = try authority.certificate(for: X25519.PrivateKey.random().publicKey)
    let trust = authority.trust()
    var buffer = [UInt8](repeating: 0, count: Certificate.standaloneLength)
    let allocations = try count {
      var target = buffer.mutableBytes
      certificate.encode(into: &target)
      try trust.verify(Certificate(decoding: target.bytes), isInitiator: true)
      certificate.encodeForHandshake(into: &target)
      let carried = try Certificate(
        decoding: target.bytes.extracting(0..<Certificate.handshakeLength), publicKey: certificate.publicKey)
      try trust.verify(carried, isInitiator: false)
    }
    #expect(allocations == 0)
  }

  // Not by way of a thrown error: the testing library notes every one that is thrown, and that allocates.
  @Test("by finding that a signature is forged")
  func forgery() throws {
    let certificate = try authority.certificate(for: X25519.PrivateKey.random().publicKey)
    let bytes = flipping(900, of: certificate.encoded)
    let forged = try Certificate(decoding: bytes.bytes)
    let anchor = authority.anchor
    var isSigned = true
    let allocations = try count { isSigned = forged.isSigned(by: anchor) }
    #expect(allocations == 0 && !isSigned)
  }

  @Test("by taking statements")
  func statements() throws {
    let epoch = try authority.epoch(11).encoded
    let revocation = try authority.revocation().encoded
    let policy = try authority.policy(from: 1, to: 2).encoded
    let allocations = try count {
      var trust = authority.trust()
      try trust.accept(EpochStatement(decoding: epoch.bytes))
      try trust.accept(RevocationStatement(decoding: revocation.bytes))
      try trust.accept(PolicyStatement(decoding: policy.bytes))
    }
    #expect(allocations == 0)
  }
}
