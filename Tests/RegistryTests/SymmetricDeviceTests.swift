// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Schemes
import Synchronization
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite("Devices whose keys the server computes")
struct SymmetricDeviceTests {
  private func address(_ fleet: TestAuthority, _ id: UInt64 = 1) -> DeviceAddress {
    DeviceAddress(system: fleet.alpha, device: DeviceID(id))
  }

  private func accept(
    _ fleet: TestAuthority, _ device: SymmetricDevice, counter: UInt32, _ credential: SymmetricCredential? = nil,
    epochs: (Epoch, Epoch) = (1, 1)
  ) throws(RegistryError) -> SymmetricDevice {
    let credential = credential ?? device.current
    return try fleet.registry.accept(
      SymmetricSession(
        address: device.address, scheme: credential.scheme, generation: credential.generation, counter: counter,
        shownEpoch: epochs.0),
      toldEpoch: epochs.1, authority: fleet.authority)
  }

  @Test("Added once, and again only until the device has been here")
  func adding() throws {
    let fleet = try TestAuthority()
    for (id, scheme) in [(UInt64(1), SchemeID.sharedKey), (2, .derivedKey), (3, .derivedKeyRatchet)] {
      let device = try fleet.registry.addSymmetricDevice(
        address(fleet, id), scheme: scheme, authority: fleet.authority)
      #expect(
        try fleet.registry.addSymmetricDevice(address(fleet, id), scheme: scheme, authority: fleet.authority) == device)
      #expect(throws: RegistryError.deviceExists(device.address)) {
        try fleet.registry.addSymmetricDevice(device.address, scheme: .derivedKeyEphemeral, authority: fleet.authority)
      }
      _ = try accept(fleet, device, counter: 1)
      #expect(throws: RegistryError.deviceExists(device.address)) {
        try fleet.registry.addSymmetricDevice(device.address, scheme: scheme, authority: fleet.authority)
      }
      #expect(throws: RegistryError.deviceExists(device.address)) {
        try fleet.registry.addDevice(
          NewDevice(address: device.address, publicKey: X25519.PrivateKey.random().publicKey), issuer: fleet.issuer)
      }
    }
    #expect(throws: RegistryError.unsuitableScheme(.certified)) {
      try fleet.registry.addSymmetricDevice(address(fleet, 9), scheme: .certified, authority: fleet.authority)
    }
    let (certified, _) = try fleet.device(20)
    #expect(throws: RegistryError.deviceExists(certified)) {
      try fleet.registry.addSymmetricDevice(certified, scheme: .sharedKey, authority: fleet.authority)
    }
  }

  @Test("The shared key tells nothing about the keys of devices; each device has its own")
  func separation() throws {
    let fleet = try TestAuthority()
    var keys: Set<[UInt8]> = []
    for (id, scheme) in [
      (UInt64(1), SchemeID.sharedKey), (2, .derivedKey), (3, .derivedKey), (4, .derivedKeyRatchet),
      (5, .derivedKeyPBKDF2),
    ] {
      let device = try fleet.registry.addSymmetricDevice(
        address(fleet, id), scheme: scheme, authority: fleet.authority)
      keys.insert(Array(try fleet.authority.encodeKey(device.current, of: device.address).prefix(32)))
    }
    var system = SecretBytes<32>()
    DerivedKeys<Hash.SHA256>.system(fleet.alpha, root: fleet.authority.derivationMaster, into: &system)
    keys.insert([UInt8](copying: system.bytes))
    #expect(keys.count == 6)
  }

  @Test("A counter is accepted once, and only upwards, by the code and by the database")
  func counters() throws {
    let fleet = try TestAuthority()
    let device = try fleet.registry.addSymmetricDevice(
      address(fleet), scheme: .derivedKey, authority: fleet.authority)
    #expect(try accept(fleet, device, counter: 5).counter == 5)
    for counter: UInt32 in [0, 4, 5] {
      #expect(throws: RegistryError.staleCounter(device.address)) { try accept(fleet, device, counter: counter) }
    }
    #expect(try accept(fleet, device, counter: .max).counter == .max)
    #expect(throws: RegistryError.self) {
      try fleet.registry.write { db, _ in try db.execute(sql: "UPDATE symmetric_devices SET counter = 7") }
    }
  }

  @Test("One device does not use up the generations of a key that its whole system shares, nor those of its own")
  func generationsAreRationed() throws {
    let time = Mutex<Int64>(1_000_000)
    let fleet = try TestAuthority(clock: { time.withLock { $0 } })
    for (id, scheme) in [(UInt64(1), SchemeID.sharedKey), (2, .derivedKey)] {
      let device = try fleet.registry.addSymmetricDevice(
        DeviceAddress(system: fleet.alpha, device: DeviceID(id)), scheme: scheme, authority: fleet.authority)
      func rotate() throws {
        let next = try fleet.registry.stageKey(for: device.address, authority: fleet.authority)
        _ = try accept(fleet, device, counter: 1, next)
      }
      for _ in 0..<8 { try rotate() }
      let wait: Int64 = scheme == .sharedKey ? 86_400 : 3600
      #expect(throws: RegistryError.tooManyKeys(device.address, retryAfter: wait)) { try rotate() }
      // What the owner orders is free.
      try fleet.registry.order(.rotate, for: device.address)
      try rotate()
      time.withLock { $0 += wait }
      try rotate()
      #expect(throws: RegistryError.tooManyKeys(device.address, retryAfter: wait)) { try rotate() }
    }
    // Another device of the system gets the newest shared key all the same, for it is there already.
    let late = try fleet.registry.addSymmetricDevice(
      DeviceAddress(system: fleet.alpha, device: DeviceID(3)), scheme: .sharedKey, authority: fleet.authority)
    #expect(late.generation == 11)
  }

  @Test("The floor only rises, whoever asks")
  func floor() throws {
    let fleet = try TestAuthority()
    let device = try fleet.registry.addSymmetricDevice(
      address(fleet), scheme: .sharedKey, authority: fleet.authority)
    #expect(device.floor == .shared)
    try fleet.registry.orderMigration(to: .derivedKey, for: device.address)
    let next = try fleet.registry.stageKey(for: device.address, authority: fleet.authority)
    #expect(next.scheme == .derivedKey && next.generation == 2)
    #expect(try fleet.registry.stageKey(for: device.address, authority: fleet.authority) == next)
    // Until the new key is used the old one serves.
    _ = try accept(fleet, device, counter: 1)
    let moved = try accept(fleet, device, counter: 1, next)
    #expect(moved.floor == .derived && moved.current == next && moved.migration == nil)
    #expect(throws: RegistryError.belowFloor(device.address)) { try accept(fleet, device, counter: 2) }
    #expect(throws: RegistryError.belowFloor(device.address)) {
      try fleet.registry.orderMigration(to: .sharedKey, for: device.address)
    }
    for change in [
      "UPDATE symmetric_devices SET floor = 0", "UPDATE symmetric_devices SET scheme = 1",
      "UPDATE symmetric_devices SET pending_scheme = 1", "UPDATE symmetric_devices SET generation = 1",
      "DELETE FROM names; DELETE FROM symmetric_devices",
      "INSERT OR REPLACE INTO symmetric_devices SELECT id, system, device_id, 1, generation, material, 0, NULL, NULL, NULL, 1, "
        + "1, NULL, NULL, NULL, 0, 0, 0, 0 FROM symmetric_devices",
    ] {
      #expect(throws: RegistryError.self, "\(change)") {
        try fleet.registry.write { db, _ in try db.execute(sql: change) }
      }
    }
    #expect(try fleet.registry.symmetricDevice(device.address) == moved)

    try fleet.registry.orderMigration(to: .certified, for: device.address)
    let key = X25519.PrivateKey.random().publicKey
    let certificate = try fleet.registry.certifySuccessor(key, of: device.address, issuer: fleet.issuer)
    #expect(certificate.fields.generation == 3)
    #expect(try fleet.registry.certifySuccessor(key, of: device.address, issuer: fleet.issuer) == certificate)
    #expect(try fleet.registry.device(device.address)?.floor == .derived)
    _ = try accept(fleet, moved, counter: 2)
    try fleet.registry.raiseFloor(of: device.address, to: .certified)
    let retired = try #require(try fleet.registry.symmetricDevice(device.address))
    #expect(retired.isRetired && retired.current.material.isEmpty && retired.migration == nil)
    #expect(throws: RegistryError.belowFloor(device.address)) { try accept(fleet, moved, counter: 3) }
    for change in [
      "UPDATE symmetric_devices SET floor = 1", "UPDATE symmetric_devices SET counter = 99",
      "UPDATE symmetric_devices SET pending_scheme = 2", "UPDATE devices SET floor = 1",
    ] {
      #expect(throws: RegistryError.self, "\(change)") {
        try fleet.registry.write { db, _ in try db.execute(sql: change) }
      }
    }
    #expect(throws: RegistryError.belowFloor(device.address)) {
      try fleet.registry.orderMigration(to: .derivedKey, for: device.address)
    }
    #expect(try fleet.actions().suffix(3) == ["device.stage", "device.floor", "device.retire"])
  }

  @Test("A certificate is for a device that was ordered to ask for one")
  func unordered() throws {
    let fleet = try TestAuthority()
    let device = try fleet.registry.addSymmetricDevice(
      address(fleet), scheme: .derivedKey, authority: fleet.authority)
    #expect(throws: RegistryError.notOrdered(device.address)) {
      try fleet.registry.certifySuccessor(
        X25519.PrivateKey.random().publicKey, of: device.address, issuer: fleet.issuer)
    }
  }

  @Test("Names are found for both epochs that the device may use, over rotation and revocation")
  func names() throws {
    let fleet = try TestAuthority()
    let device = try fleet.registry.addSymmetricDevice(
      address(fleet), scheme: .derivedKeyEphemeral, authority: fleet.authority)
    func find(_ credential: SymmetricCredential, _ epoch: Epoch) throws -> [NamedDevice] {
      let name = try #require(try fleet.authority.name(credential, of: device.address, in: epoch))
      let hinted = try fleet.registry.devices(
        namedFrom: RoutingHint.of(name), scheme: .derivedKeyEphemeral, limit: 4)
      #expect(try fleet.registry.devices(named: name, scheme: .derivedKeyEphemeral) == hinted)
      #expect(try fleet.registry.devices(named: name, scheme: .derivedKey).isEmpty)
      return hinted
    }
    #expect(try find(device.current, 1).count == 1)
    #expect(try find(device.current, 2).isEmpty)
    _ = try accept(fleet, device, counter: 1, epochs: (1, 40))
    #expect(try find(device.current, 1).count == 1)
    #expect(try find(device.current, 40).first?.device.toldEpoch == 40)
    try fleet.registry.order(.rotate, for: device.address)
    let next = try fleet.registry.stageKey(for: device.address, authority: fleet.authority)
    #expect(try find(next, 40).first?.credential == next)
    #expect(try find(device.current, 40).first?.credential == device.current)
    _ = try accept(fleet, device, counter: 1, next, epochs: (40, 41))
    #expect(try find(device.current, 40).isEmpty)
    #expect(try find(next, 40).count == 1)
    #expect(try find(next, 41).count == 1)
    #expect(try fleet.registry.orders().isEmpty)
    _ = try fleet.registry.revoke(device.address, through: nil, reason: .keyCompromise, issuer: fleet.issuer)
    // Whoever has it is to be told.
    #expect(try find(next, 41).first?.device.isRevoked == true)
    #expect(throws: RegistryError.deviceRevoked(device.address)) { try accept(fleet, device, counter: 9, next) }
  }

  @Test("An order to move is called off by one to the scheme that is there")
  func calledOff() throws {
    let fleet = try TestAuthority()
    let device = try fleet.registry.addSymmetricDevice(
      address(fleet), scheme: .sharedKey, authority: fleet.authority)
    try fleet.registry.orderMigration(to: .derivedKey, for: device.address)
    let next = try fleet.registry.stageKey(for: device.address, authority: fleet.authority)
    #expect(try fleet.registry.orders(for: device.address).map(\.scheme) == [.derivedKey])
    try fleet.registry.orderMigration(to: .sharedKey, for: device.address)
    #expect(try fleet.registry.orders().isEmpty)
    #expect(try fleet.registry.symmetricDevice(device.address)?.pending == nil)
    #expect(throws: RegistryError.unknownKey(device.address)) { try accept(fleet, device, counter: 1, next) }
    _ = try accept(fleet, device, counter: 1)
    // What the device may hold is remembered until it has used a later key, and no later key has its generation.
    let withdrawn = try fleet.registry.withdrawnKeys(of: device)
    #expect(withdrawn == [next])
    let name = try #require(try fleet.authority.name(next, of: device.address, in: device.toldEpoch))
    let named = try fleet.registry.devices(named: name, scheme: .derivedKey)
    #expect(named.map(\.isWithdrawn) == [true] && named.map(\.credential) == [next])
    try fleet.registry.orderMigration(to: .derivedKeyRatchet, for: device.address)
    let later = try fleet.registry.stageKey(for: device.address, authority: fleet.authority)
    #expect(later.generation == next.generation + 1)
    _ = try accept(fleet, device, counter: 1, later)
    #expect(try fleet.registry.withdrawnKeys(of: device).isEmpty)
    #expect(try fleet.registry.devices(named: name, scheme: .derivedKey).isEmpty)
  }

  @Test("A revoked device comes back from the bench with a key pair, and with nothing less")
  func enrolAgain() throws {
    let fleet = try TestAuthority()
    for (id, isOnItsWay) in [(UInt64(1), false), (2, true)] {
      let device = try fleet.registry.addSymmetricDevice(
        address(fleet, id), scheme: .derivedKey, authority: fleet.authority)
      if isOnItsWay {
        try fleet.registry.orderMigration(to: .certified, for: device.address)
        _ = try fleet.registry.certifySuccessor(
          X25519.PrivateKey.random().publicKey, of: device.address, issuer: fleet.issuer)
      }
      let new = NewDevice(address: device.address, publicKey: X25519.PrivateKey.random().publicKey)
      #expect(throws: RegistryError.deviceActive(device.address)) {
        try fleet.registry.enrolAgain(new, issuer: fleet.issuer)
      }
      let statement = try fleet.registry.revoke(
        device.address, through: nil, reason: .keyCompromise, issuer: fleet.issuer)
      let certificate = try fleet.registry.enrolAgain(new, issuer: fleet.issuer)
      #expect(certificate.fields.generation == statement.content.generation + 1)
      let row = try #require(try fleet.registry.device(device.address))
      #expect(row.floor == .certified && !row.isRevoked)
      #expect(try fleet.registry.symmetricDevice(device.address)?.isRetired == true)
      #expect(throws: RegistryError.self) { try accept(fleet, device, counter: 9) }
    }
  }

  @Test("Hints of compact-kk follow the keys, and older registries get them")
  func hints() throws {
    let fleet = try TestAuthority()
    let (address, key) = try fleet.device(1)
    #expect(try fleet.registry.devices(hinted: RoutingHint.of(key), limit: 4).map(\.slot) == [.active])
    let next = X25519.PrivateKey.random().publicKey
    let hint = RoutingHint.of(next)
    _ = try fleet.registry.renew(next, for: address, issuer: fleet.issuer)
    #expect(try fleet.registry.devices(hinted: hint, limit: 4).map(\.slot) == [.pending])
    try fleet.registry.write { db, _ in
      try db.execute(sql: "UPDATE devices SET hint = NULL, pending_hint = NULL")
      try Migrations.fillHints(db)
    }
    #expect(try fleet.registry.devices(hinted: hint, limit: 4).map(\.slot) == [.pending])
    try fleet.registry.promotePending(next, for: address, issuer: fleet.issuer)
    #expect(try fleet.registry.devices(hinted: hint, limit: 4).map(\.slot) == [.active])
    #expect(try fleet.registry.devices(hinted: RoutingHint.of(key), limit: 4).isEmpty)
  }
}
