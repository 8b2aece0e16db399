// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Schemes
import Testing
import Wire

@testable import Registry

/// A hint of two bytes means as many devices as there are, and as many more keys as a device cares to make.
@Suite("Keys that share a hint")
struct TrialLimitTests {
  private let hint: UInt16 = 0x1234

  @Test("Of the keys in use so many are found as asked for, and over many calls every one")
  func keysInUse() throws {
    let fleet = try TestAuthority()
    for id in UInt64(1)...40 { _ = try fleet.device(id) }
    try fleet.registry.write { db, _ in try db.execute(sql: "UPDATE devices SET hint = ?", arguments: [Int(hint)]) }
    #expect(try fleet.registry.devices(hinted: hint, limit: 40).count == 40)
    var found: Set<DeviceAddress> = []
    for _ in 0..<400 {
      let holders = try fleet.registry.devices(hinted: hint, limit: 8)
      #expect(holders.count == 8 && Set(holders.map(\.device.address)).count == 8)
      found.formUnion(holders.map(\.device.address))
    }
    #expect(found.count == 40)
    #expect(try fleet.registry.devices(hinted: hint ^ 1, limit: 8).isEmpty)
  }

  @Test("Of a log that one device has filled, likewise")
  func keysOfBefore() throws {
    let fleet = try TestAuthority()
    let (address, _) = try fleet.device(1)
    try fleet.registry.write { db, _ in
      for generation in 2...500 {
        try db.execute(
          sql: """
            INSERT INTO issuances (system, device_id, generation, public_key, key_tag, hint, head)
            VALUES (?, ?, ?, randomblob(32), ?, ?, zeroblob(32))
            """,
          arguments: [address.system.column, address.device.column, generation, generation, Int(hint)])
      }
    }
    var found: Set<Generation> = []
    for _ in 0..<1_000 {
      let issuances = try fleet.registry.issuances(hinted: hint, limit: 8)
      #expect(issuances.count == 8)
      found.formUnion(issuances.map(\.generation))
    }
    #expect(found.count > 400)
  }

  @Test("Of pseudonyms that begin alike, likewise")
  func pseudonyms() throws {
    let fleet = try TestAuthority()
    for id in UInt64(1)...40 {
      _ = try fleet.registry.addSymmetricDevice(
        DeviceAddress(system: fleet.alpha, device: DeviceID(id)), scheme: .derivedKeyEphemeral,
        authority: fleet.authority)
    }
    try fleet.registry.write { db, _ in
      try db.execute(
        sql: "UPDATE names SET name = ? + device * ?", arguments: [Int64(hint) << 48, Int64(1) << 48 / 41])
    }
    func find(_ limit: Int) throws -> [DeviceAddress] {
      try fleet.registry.devices(namedFrom: hint, scheme: .derivedKeyEphemeral, limit: limit).map(\.device.address)
    }
    #expect(try find(40).count == 40)
    var found: Set<DeviceAddress> = []
    for _ in 0..<400 {
      let some = try find(8)
      #expect(some.count == 8 && Set(some).count == 8)
      found.formUnion(some)
    }
    #expect(found.count == 40)
  }
}
