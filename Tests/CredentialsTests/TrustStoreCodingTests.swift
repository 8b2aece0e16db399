// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

@Suite("A stored trust store")
struct TrustStoreCodingTests {
  let authority = try! Authority()

  private func full() throws -> TrustStore {
    var trust = authority.trust(system: 0xFEDC_BA98, epoch: 300)
    trust.setSuccessor(try Authority(seed: 0xB2).anchor)
    for system: UInt32 in 1...8 { try trust.accept(authority.policy(from: 0xFEDC_BA98, to: system, lastEpoch: 400)) }
    for device: UInt64 in 1...33 {
      try trust.accept(
        authority.revocation(system: UInt32(device), device: device << 40, generation: 3, lastEpoch: 310))
    }
    return trust
  }

  @Test("comes back whole: anchors, system, epoch, policies, revocations, overflow")
  func roundTrip() throws {
    let trust = try full()
    let copy = try TrustStore(encoded: trust.encoded)
    #expect(copy.encoded == trust.encoded)
    #expect(copy.system == trust.system && copy.epoch == 300)
    #expect(copy.anchors[0] == trust.anchors[0] && copy.anchors[1] == trust.anchors[1] && copy.anchors[1] != nil)
    for system: UInt32 in 1...8 {
      #expect(copy.allows(from: trust.system, to: SystemID(system)) == true)
      #expect(copy.allows(from: SystemID(system), to: trust.system) == false)
    }
    #expect(copy.revocations.count == 32 && copy.revocations.isOverflowing)
    for device: UInt64 in 1...32 {
      let fields = CertificateFields(
        issuer: authority.issuer.keyID, system: SystemID(UInt32(device)), device: DeviceID(device << 40), generation: 3,
        lastEpoch: 310)
      #expect(throws: CredentialsError.revoked(generation: 3)) { try copy.revocations.check(fields) }
    }
  }

  @Test("that is empty comes back empty")
  func empty() throws {
    let copy = try TrustStore(encoded: authority.trust().encoded)
    #expect(copy.anchors[1] == nil && copy.revocations.count == 0 && !copy.revocations.isOverflowing)
    #expect(copy.allows(from: SystemID(0), to: SystemID(1)) == false)
    for index in copy.policies.indices { #expect(copy.policies[index] == nil) }
  }

  @Test("keeps a policy whose last epoch is 0")
  func epochZero() throws {
    var trust = authority.trust(system: 1, epoch: 0)
    try trust.accept(authority.policy(from: 0, to: 1, lastEpoch: 0))
    #expect(try TrustStore(encoded: trust.encoded).allows(from: SystemID(0), to: SystemID(1)) == true)
  }

  @Test("that is cut short anywhere is refused")
  func truncated() throws {
    let bytes = try full().encoded
    for length in 0..<bytes.count {
      #expect(throws: WireError.self) { _ = try TrustStore(encoded: Array(bytes[..<length])) }
    }
  }
}
