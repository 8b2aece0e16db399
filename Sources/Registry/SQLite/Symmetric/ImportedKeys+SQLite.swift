// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Wire
import CountersignCrypto
import Foundation
import GRDB
import Schemes

/// Keys that devices had before they came to this server.
extension SQLiteRegistry {
  public func importSharedKey(
    _ key: borrowing SecretBytes<32>, of system: SystemID, authority: Authority
  ) throws(RegistryError) {
    let sealed = authority.sealStoredKey(key, of: .system(system, 1))
    let existing: SymmetricCredential? = try write { db, _ in
      try require(system, db)
      if try Self.hasSharedKey(system, db) { return try Self.newestSharedKey(of: system, db) }
      try db.execute(
        sql: "INSERT INTO shared_keys (system, generation, rotation_input, created_at) VALUES (?, 1, ?, ?)",
        arguments: [system.column, Data(sealed), now()])
      try record(.systemImportKey, db, system: system, generation: 1)
      return nil
    }
    guard let existing else { return }
    var known = SecretBytes<32>()
    defer { known.wipe() }
    do { try authority.deriveKey(existing, of: DeviceAddress(system: system, device: DeviceID(0)), into: &known) } catch
    {
      throw RegistryError(error)
    }
    guard constantTimeEquals(known.bytes, key.bytes) else { throw .sharedKeyExists(system) }
  }

  private static func hasSharedKey(_ system: SystemID, _ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "SELECT 1 FROM shared_keys WHERE system = ?", arguments: [system.column]) != nil
  }

  public func importSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, key: borrowing SecretBytes<32>, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    guard scheme.isSymmetric, scheme.row.derivation == .device else { throw .unsuitableScheme(scheme) }
    let imported = SymmetricCredential(
      scheme: scheme, generation: 1, material: authority.sealStoredKey(key, of: .device(address, 1)))
    let device = try addSymmetricDevice(address, scheme: scheme, authority: authority, note: ", imported key") { _ in
      imported
    }
    // It may have been there before.
    var known = SecretBytes<32>()
    defer { known.wipe() }
    do { try authority.deriveKey(device.current, of: address, into: &known) } catch { throw RegistryError(error) }
    guard constantTimeEquals(known.bytes, key.bytes) else { throw .deviceExists(address) }
    return device
  }
}
