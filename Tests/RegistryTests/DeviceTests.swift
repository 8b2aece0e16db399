// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import GRDB
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite struct DeviceTests {
  let test: TestAuthority

  init() throws { test = try TestAuthority() }

  @Test func aDeviceIsFoundByItsAddressAndByItsKey() throws {
    // The upper half of the id space is negative in the database.
    for id in [0, 1, UInt64.max, 1 << 63] as [UInt64] {
      let (address, key) = try test.device(id)
      let device = try test.registry.device(address)
      #expect(device?.address == address)
      #expect(device?.certificate.publicKey == key)
      #expect(device?.certificate.fields.generation == 1)
      #expect(device?.certificate.fields.lastEpoch == 9)
      #expect(device?.certificate.isSigned(by: test.authority.issuerKey) == true)
      #expect(device?.floor == .certified)
      #expect(device?.isRevoked == false)
      #expect(try test.registry.device(holding: key)?.device == device)
    }
    #expect(try test.registry.device(DeviceAddress(system: test.beta, device: DeviceID(1))) == nil)
    #expect(try test.registry.device(holding: X25519.PrivateKey.random().publicKey) == nil)
  }

  /// Keys that begin alike share an index entry and nothing else.
  @Test func keysOfOneTagAreToldApart() throws {
    var first = X25519.PrivateKey.random().publicKey
    var second = first
    first[31] = 1
    second[31] = 2
    for (id, key) in [(1, first), (2, second)] as [(UInt64, X25519.PublicKey)] {
      let address = DeviceAddress(system: test.alpha, device: DeviceID(id))
      _ = try test.registry.addDevice(NewDevice(address: address, publicKey: key), issuer: test.issuer)
    }
    #expect(try test.registry.device(holding: first)?.device.address.device == DeviceID(1))
    #expect(try test.registry.device(holding: second)?.device.address.device == DeviceID(2))
  }

  @Test func allDevicesAreAddedOrNone() throws {
    let (taken, _) = try test.device(5)
    let actions = try test.actions()
    let devices = [1, 2, 5].map {
      NewDevice(
        address: DeviceAddress(system: test.alpha, device: DeviceID($0)),
        publicKey: X25519.PrivateKey.random().publicKey)
    }
    #expect(throws: RegistryError.deviceExists(taken)) {
      try test.registry.addDevices(devices, issuer: test.issuer)
    }
    #expect(try test.registry.deviceCount(in: nil) == 1)
    #expect(try test.actions() == actions)
    #expect(throws: RegistryError.keyInUse) {
      try test.registry.addDevices(
        [1, 2].map {
          NewDevice(
            address: DeviceAddress(system: test.alpha, device: DeviceID($0)), publicKey: devices[0].publicKey)
        }, issuer: test.issuer)
    }
    let nowhere = DeviceAddress(system: SystemID(99), device: DeviceID(1))
    #expect(throws: RegistryError.unknownSystem(SystemID(99))) {
      try test.registry.addDevice(
        NewDevice(address: nowhere, publicKey: devices[0].publicKey), issuer: test.issuer)
    }
  }

  @Test func oneIDMayLiveInTwoSystems() throws {
    let (_, a) = try test.device(1, in: test.alpha)
    let (_, b) = try test.device(1, in: test.beta)
    #expect(try test.registry.device(holding: a)?.device.address.system == test.alpha)
    #expect(try test.registry.device(holding: b)?.device.address.system == test.beta)
    #expect(try test.registry.deviceCount(in: test.beta) == 1)
  }

  @Test func pagesCoverEveryDeviceOnce() throws {
    var expected = Set<DeviceAddress>()
    for id in 0..<25 as Range<UInt64> {
      expected.insert(try test.device(id &* 0x9E37_79B9_7F4A_7C15, in: id % 2 == 0 ? test.alpha : test.beta).0)
    }
    for system in [nil, test.alpha] {
      var found = [DeviceAddress]()
      while true {
        let page = try test.registry.devices(in: system, after: found.last, limit: 7)
        found += page.map(\.address)
        if page.count < 7 { break }
      }
      #expect(found.count == Set(found).count)
      #expect(Set(found) == expected.filter { system == nil || $0.system == system })
    }
  }

  @Test func aFloorOnlyRises() throws {
    let (address, _) = try test.device(1)
    try test.registry.raiseFloor(of: address, to: .hybrid)
    try test.registry.raiseFloor(of: address, to: .shared)
    #expect(try test.registry.device(address)?.floor == .hybrid)
    #expect(try test.actions().filter { $0 == "device.floor" }.count == 1)
    // The database itself refuses, whoever asks.
    #expect(throws: RegistryError.self) {
      try test.registry.write { db, _ in try db.execute(sql: "UPDATE devices SET floor = 0") }
    }
  }

  @Test func theAuditRecordIsAppendOnly() throws {
    for sql in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
      #expect(throws: RegistryError.self) { try test.registry.write { db, _ in try db.execute(sql: sql) } }
    }
    let entries = try test.registry.audit(since: 0, limit: 10)
    #expect(entries.map(\.action) == ["init", "system.add", "system.add"])
    #expect(entries.allSatisfy { $0.actor == "test" })
    #expect(try test.registry.audit(since: 1, limit: 1).map(\.sequence) == [2])
  }

  @Test(arguments: ["", "-a", ".a", "a b", "a/b", "é", "a\n", String(repeating: "a", count: 65)])
  func namesThatDoNotDo(_ name: String) {
    #expect(throws: RegistryError.invalidSystemName(name)) { try test.registry.addSystem(named: name) }
  }

  @Test("A system whose name is a number has that number; others get the lowest that is free")
  func namesOfDigits() throws {
    #expect(try test.registry.addSystem(named: "4").id == SystemID(4))
    #expect(try test.registry.addSystem(named: "4294967295").id == SystemID(.max))
    #expect(try test.registry.addSystem(named: "gamma").id == SystemID(3))
    #expect(try test.registry.addSystem(named: "delta").id == SystemID(5))
    #expect(throws: RegistryError.systemNumberTaken(test.alpha)) {
      try test.registry.addSystem(named: "\(test.alpha.rawValue)")
    }
    for name in ["0", "07", "4294967296"] {
      #expect(throws: RegistryError.invalidSystemName(name)) { try test.registry.addSystem(named: name) }
    }
  }

  @Test func systemsHaveTheirNamesToThemselves() throws {
    #expect(throws: RegistryError.systemExists("alpha")) { try test.registry.addSystem(named: "alpha") }
    #expect(try test.registry.systems().map(\.name) == ["alpha", "beta"])
    #expect(try test.registry.system(named: "beta")?.id == test.beta)
    #expect(try test.registry.system(named: "gamma") == nil)
  }
}
