// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import Keyring
import Schemes
import Wire

extension SQLiteRegistry {
  /// The newest shared key of a system; the first one when there is none.
  static func newestSharedKey(of system: SystemID, _ db: Database) throws -> SymmetricCredential {
    let statement = try db.cachedStatement(
      sql: "SELECT generation, rotation_input FROM shared_keys WHERE system = ? ORDER BY generation DESC LIMIT 1")
    guard let row = try Row.fetchOne(statement, arguments: [system.column]) else {
      return try makeSharedKey(of: system, generation: 1, material: [], db)
    }
    return SymmetricCredential(scheme: .sharedKey, generation: row[0], material: [UInt8](row[1] as Data))
  }

  /// The first shared key of a generation from `generation` on: all devices that are ordered to change it get the same.
  ///
  /// A new one that the owner has not ordered counts against the system's budget: all its devices share the generations of a
  /// shared key, and one of them must not use them up.
  func sharedKey(
    of device: SymmetricDevice, notBefore generation: Generation, isOrdered: Bool, _ db: Database
  ) throws -> SymmetricCredential {
    let newest = try Self.newestSharedKey(of: device.address.system, db)
    if newest.generation >= generation { return newest }
    if !isOrdered { try spendSharedKey(of: device.address, db) }
    return try Self.makeSharedKey(
      of: device.address.system, generation: generation, material: Authority.randomBytes(32), db)
  }

  private static func makeSharedKey(
    of system: SystemID, generation: Generation, material: [UInt8], _ db: Database
  ) throws -> SymmetricCredential {
    try db.execute(
      sql: "INSERT INTO shared_keys (system, generation, rotation_input, created_at) VALUES (?, ?, ?, ?)",
      arguments: [system.column, Int(generation), Data(material), now()])
    return SymmetricCredential(scheme: .sharedKey, generation: generation, material: material)
  }
}
