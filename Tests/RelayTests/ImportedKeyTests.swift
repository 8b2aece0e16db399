// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Wire
import Device
import Schemes
import Testing

@testable import Keyring
@testable import Registry
@testable import Relay

/// Devices whose firmware has the key that another server once gave them, and nothing of this one's.
@Suite("Imported keys")
struct ImportedKeyTests {
  @Test(
    "A device that knows its old key and its id is served, and moves to a key pair",
    arguments: [SchemeID.sharedKey, .derivedKey, .derivedKeyEphemeral])
  func moves(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let old = SecretBytes<32>.random()
    let address = DeviceAddress(system: fleet.alpha, device: DeviceID(7))
    if scheme == .sharedKey {
      try fleet.registry.importSharedKey(old, of: fleet.alpha, authority: fleet.authority)
      _ = try fleet.registry.addSymmetricDevice(address, scheme: scheme, authority: fleet.authority)
    } else {
      _ = try fleet.registry.importSymmetricDevice(address, scheme: scheme, key: old, authority: fleet.authority)
    }
    let device = MigratingDevice(address)
    try device.identity.create(address: address, epoch: 1, scheme: scheme, generation: 1, key: old.bytes)
    device.store()
    try device.run(in: fleet)
    #expect(device.heard == ["welcome-1", "caughtUp"])
    // Over a restart of both, and an epoch later.
    _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer)
    try device.restart()
    try fleet.restartServer()
    try device.run(in: fleet)
    try device.run(in: fleet)
    #expect(device.heard.first == "welcome-2")
    // What comes next owes nothing to the old key.
    try fleet.registry.order(.rotate, for: address)
    try device.run(in: fleet)
    #expect(device.generation == 2 && device.activeKey != [UInt8](copying: old.bytes))
    try fleet.registry.orderMigration(to: .certified, for: address)
    try device.run(in: fleet)
    #expect(device.scheme == .certified)
  }
}
