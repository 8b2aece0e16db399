// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import Keyring
import Schemes
import Wire

extension SQLiteRegistry {
  public func accept(
    _ sessions: [SymmetricSession], toldEpoch: Epoch, authority: Authority
  ) throws(RegistryError) -> [Result<AcceptedSession, RegistryError>] {
    try write { db, _ in
      try sessions.map { session in
        var accepted: Result<AcceptedSession, RegistryError>?
        try db.inSavepoint {
          do {
            accepted = .success(try accept(session, toldEpoch, authority, db))
            return .commit
          } catch {
            accepted = .failure(RegistryError(error, path: path))
            return .rollback
          }
        }
        // An error that ends the transaction undoes what the earlier sessions have stored.
        if !db.isInsideTransaction, case .failure(let error) = accepted { throw error }
        return accepted.unsafelyUnwrapped
      }
    }
  }

  private func accept(
    _ session: SymmetricSession, _ toldEpoch: Epoch, _ authority: Authority, _ db: Database
  ) throws -> AcceptedSession {
    let address = session.address
    let device = try Self.serving(address, db)
    guard session.generation > device.revokedThrough else { throw RegistryError.deviceRevoked(address) }
    guard device.floor.admits(session.scheme) else { throw RegistryError.belowFloor(address) }
    guard let credential = device.credential(session.generation), credential.scheme == session.scheme else {
      throw RegistryError.unknownKey(address)
    }
    let isNext = credential != device.current
    // Where no counter is needed, it still tells whether the device has ever been here.
    let counter = session.counter ?? 1
    if session.counter != nil, !isNext, counter <= device.counter { throw RegistryError.staleCounter(address) }
    try store(
      session.ratchet.map {
        SymmetricCredential(scheme: credential.scheme, generation: credential.generation, material: $0)
      } ?? credential, counter: isNext ? counter : max(counter, device.counter), of: device, db)
    if isNext { try promote(session, of: device, db) }
    try raise(session.scheme.row.floor, of: device, db)
    if isNext || device.knownEpoch != session.shownEpoch || device.toldEpoch != toldEpoch {
      try db.execute(
        sql: "UPDATE symmetric_devices SET known_epoch = ?, told_epoch = ? WHERE id = ?",
        arguments: [Int(session.shownEpoch), Int(toldEpoch), device.rowID])
      try Self.index(try Self.serving(address, db), authority, db)
    }
    return AcceptedSession(device: try Self.serving(address, db), hasNewKey: isNext)
  }

  private func store(
    _ credential: SymmetricCredential, counter: UInt32, of device: SymmetricDevice, _ db: Database
  ) throws {
    guard credential != device.current || counter != device.counter else { return }
    let statement = try db.cachedStatement(
      sql: """
        UPDATE symmetric_devices SET scheme = ?, generation = ?, material = ?, counter = ?,
          pending_scheme = CASE WHEN pending_generation > ?2 THEN pending_scheme END,
          pending_material = CASE WHEN pending_generation > ?2 THEN pending_material END,
          pending_generation = CASE WHEN pending_generation > ?2 THEN pending_generation END
        WHERE id = ?
        """)
    try statement.execute(arguments: [
      Int(credential.scheme.rawValue), Int(credential.generation), Data(credential.material), Int64(counter),
      device.rowID,
    ])
  }

  /// The pending key was used: an order that asked for it is done.
  private func promote(_ session: SymmetricSession, of device: SymmetricDevice, _ db: Database) throws {
    try Self.forgetWithdrawnKeys(of: device, db)
    try record(
      .devicePromote, db, of: device.address, generation: session.generation,
      detail: "scheme \(session.scheme.rawValue)")
    try db.execute(
      sql: """
        UPDATE symmetric_devices SET changed_at = ?, rotate_since = NULL,
          migrate_since = CASE WHEN migrate_to <> ? THEN migrate_since END,
          migrate_to = CASE WHEN migrate_to <> ? THEN migrate_to END
        WHERE id = ?
        """,
      arguments: [now(), Int(session.scheme.rawValue), Int(session.scheme.rawValue), device.rowID])
  }

  private func raise(_ floor: SchemeFloor, of device: SymmetricDevice, _ db: Database) throws {
    guard floor > device.floor else { return }
    try db.execute(
      sql: "UPDATE symmetric_devices SET floor = ? WHERE id = ?", arguments: [floor.rawValue, device.rowID])
    // A key that was certified and never used has the same floor.
    try db.execute(
      sql: "UPDATE devices SET floor = ? WHERE system = ? AND device_id = ? AND floor < ?",
      arguments: [
        floor.rawValue, device.address.system.column, device.address.device.column, floor.rawValue,
      ])
    try record(.deviceFloor, db, of: device.address, generation: device.generation, detail: "\(floor)")
  }
}
