// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import GRDB
import Schemes
import Testing

@testable import Registry
@testable import Relay

/// What somebody who can write the registry, and has no key of the owner's, may not gain.
@Suite("A written registry")
struct WrittenRegistryTests {
  @Test(
    "A row with another key lets nobody in, whatever credential it says to have", arguments: [0, 1, 2, 3],
    [SchemeID.certified, .identityBased])
  func writtenRow(issuance: Int, kind: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1, scheme: kind)
    try device.run(in: fleet)
    let key = X25519.PrivateKey.random().publicKey
    try fleet.registry.write { db, _ in
      try db.execute(
        sql: "UPDATE devices SET public_key = ?, key_tag = ?, issuance = ?",
        arguments: [key.data, key.tag, issuance])
    }
    try fleet.restartServer()
    let registry = fleet.registry
    let row = try #require(try registry.device(device.address))
    #expect(row.certificate.publicKey == key)
    let context = AdmissionContext(registry: registry, authority: fleet.authority, trialKeys: 64)
    #expect(throws: AdmissionRefusal.invalidCertificate) { try context.check(row.certificate) }
    #expect(throws: SimulatedDevice.Refused.self) { try device.run(in: fleet) }
    // Nor does it accuse anybody.
    let alarms = ["misissuance", "device.quarantine"]
    #expect(try registry.audit(since: 0, limit: 1000).allSatisfy { !alarms.contains($0.action) })
  }
}
