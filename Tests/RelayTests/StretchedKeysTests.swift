// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Testing
import Wire

@testable import Keyring
@testable import Registry
@testable import Relay

/// A name that was seen once on the wire makes the server stretch a key once.
@Suite("Stretched keys")
struct StretchedKeysTests {
  @Test("Frames that somebody makes up under a device's name are costly once, and the device is served beside them")
  func flood() throws {
    let fleet = try TestFleet(inMemory: true)
    let device = try fleet.symmetricDevice(1, .derivedKeyPBKDF2)
    let seen = try device.firstFrame(.active, on: fleet.connect())
    func session() -> RelaySession { RelaySession(admissions: fleet.relay.admissions, limits: fleet.limits) }
    var made = seen
    made[made.count - 1] ^= 1
    #expect(try session().prepare(made) == .slow)
    guard case .close(.refused(.unreadable)) = session().receive(made) else {
      Issue.record("a made-up frame is answered")
      return
    }
    for _ in 0..<1_000 {
      #expect(try session().prepare(made) == .quick)
      guard case .close(.refused(.unreadable)) = session().receive(made) else {
        Issue.record("a made-up frame is answered")
        return
      }
    }
    #expect(try session().prepare(device.firstFrame(.active, on: fleet.connect())) == .quick)
    try device.run(in: fleet)
    // A new salt is a new key.
    try fleet.registry.order(.rotate, for: device.address)
    try device.run(in: fleet)
    try device.run(in: fleet)
    #expect(try fleet.registry.symmetricDevice(device.address)?.generation == 2)
    // A name that nobody has costs a look into the registry.
    for index in 1..<9 { made[index] ^= 0xFF }
    #expect(throws: AdmissionRefusal.unknownDevice) { _ = try session().prepare(made) }
  }

  @Test("There is room for so many; keys whose devices have proved themselves stay longest, and what is found is right")
  func capacity() throws {
    let keys = StretchedKeys()
    func device(_ id: Int) -> NamedDevice {
      let credential = SymmetricCredential(
        scheme: .derivedKeyPBKDF2, generation: 1, material: [UInt8](repeating: UInt8(id & 0xFF), count: 16))
      return NamedDevice(
        device: SymmetricDevice(
          address: DeviceAddress(system: SystemID(1), device: DeviceID(UInt64(id))),
          current: credential, counter: 0, pending: nil, knownEpoch: 1, toldEpoch: 1, migration: nil, revokedThrough: 0,
          floor: .derived, createdAt: 0, changedAt: 0, rowID: Int64(id)), credential: credential)
    }
    func key(_ id: Int) throws -> SecretBytes<32> {
      let bytes = (0..<32).map { UInt8(truncatingIfNeeded: id >> ($0 % 4 * 8)) }
      return try SecretBytes<32>(copying: bytes.bytes)
    }
    for id in 0..<StretchedKeys.capacity {
      keys.remember(try key(id), of: device(id))
      if id < 1_000 { keys.prove(device(id)) }
    }
    let ids = 0..<2 * StretchedKeys.capacity
    for id in ids.suffix(StretchedKeys.capacity) { keys.remember(try key(id), of: device(id)) }
    #expect(ids.count { keys.holds(device($0)) } == StretchedKeys.capacity)
    #expect((0..<1_000).count { keys.holds(device($0)) } == 1_000)
    for id in ids where keys.holds(device(id)) {
      var found = SecretBytes<32>()
      let isFound = keys.find(device(id), into: &found)
      let right = try key(id)
      let matches = constantTimeEquals(found.bytes, right.bytes)
      #expect(isFound && matches)
    }
  }
}
