// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring
import Wire

extension SQLiteRegistry {
  /// Enters a key that is being certified into the log; one that is there already is left alone.
  ///
  /// - Throws: ``RegistryError/corrupted(_:)`` when its generation belongs to another key.
  func enter(_ certificate: Certificate, _ db: Database) throws {
    let line = IssuanceLine(certificate)
    if let known = try Self.issuance(line.address, line.generation, db) {
      guard known == line else {
        throw RegistryError.corrupted("generation \(line.generation) of a device belongs to another key")
      }
      return
    }
    try Self.append(line, db)
  }

  private static func append(_ line: IssuanceLine, _ db: Database) throws {
    let (count, head) = try tip(db)
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO issuances (sequence, system, device_id, generation, public_key, key_tag, hint, head)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [
      count + 1, line.address.system.column, line.address.device.column, Int(line.generation), line.publicKey.data,
      line.publicKey.tag, line.publicKey.hint, line.head(after: head).data,
    ])
  }

  /// The number of lines and the head of the log.
  private static func tip(_ db: Database) throws -> (Int64, Bytes<32>) {
    let statement = try db.cachedStatement(sql: "SELECT sequence, head FROM issuances ORDER BY sequence DESC LIMIT 1")
    guard let row = try Row.fetchOne(statement) else { return (0, Bytes()) }
    let head: Data = row[1]
    return (row[0], try Bytes(copying: [UInt8](head)))
  }

  /// For the migration: begins the log with the keys that the devices have now.
  static func enterEveryKey(_ db: Database) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT system, device_id, generation, public_key FROM devices
        UNION ALL SELECT system, device_id, pending_generation, pending_key FROM devices WHERE pending_key IS NOT NULL
        ORDER BY 1, 2, 3
        """)
    for row in rows { try append(try IssuanceLine(row), db) }
  }

  /// For the migration: enters the keys of devices that came back with a key pair after having none, which earlier versions left
  /// out. Only those in the audit record: a row that somebody has forged gets no line.
  static func enterEnrolledKeys(_ db: Database) throws {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT system, device_id, generation, public_key FROM devices d
        WHERE EXISTS (SELECT 1 FROM audit a WHERE a.action = ? AND a.system = d.system AND a.device_id = d.device_id
            AND a.generation = d.generation)
          AND NOT EXISTS (SELECT 1 FROM issuances i WHERE i.system = d.system AND i.device_id = d.device_id
            AND i.generation = d.generation)
        ORDER BY 1, 2
        """, arguments: [AuditEntry.Action.deviceEnrolAgain.rawValue])
    for row in rows { try append(try IssuanceLine(row), db) }
  }

  private static func issuance(_ address: DeviceAddress, _ generation: Generation, _ db: Database) throws
    -> IssuanceLine?
  {
    let statement = try db.cachedStatement(
      sql: """
        SELECT system, device_id, generation, public_key FROM issuances
        WHERE system = ? AND device_id = ? AND generation = ?
        """)
    return try Row.fetchOne(
      statement, arguments: [address.system.column, address.device.column, Int(generation)]
    ).map { try IssuanceLine($0) }
  }

  public func issuance(of key: X25519.PublicKey) throws(RegistryError) -> IssuanceLine? {
    try read { db, _ in try Self.issuance(of: key, db) }
  }

  static func issuance(of key: X25519.PublicKey, _ db: Database) throws -> IssuanceLine? {
    let statement = try db.cachedStatement(
      sql: "SELECT system, device_id, generation, public_key FROM issuances WHERE key_tag = ? AND public_key = ?")
    return try Row.fetchOne(statement, arguments: [key.tag, key.data]).map { try IssuanceLine($0) }
  }

  public func issuances(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [IssuanceLine] {
    try read { db, _ in
      try Self.anywhere(in: "issuances", limit: limit, db) { rows, limit in
        let statement = try db.cachedStatement(
          sql: """
            SELECT system, device_id, generation, public_key FROM issuances
            WHERE hint = ? AND sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?
            """)
        return try Row.fetchAll(statement, arguments: [Int(hint), rows.lowerBound, rows.upperBound, limit])
          .map { try IssuanceLine($0) }
      }
    }
  }

  public func verdict(on certificate: Certificate) throws(RegistryError) -> IssuanceVerdict {
    try read { db, lookup in
      let state = try AuthorityState(db)
      guard state.vouches(for: certificate) else { return .foreign }
      let line = IssuanceLine(certificate)
      guard let known = try Self.issuance(line.address, line.generation, db) else { return .missing }
      guard known != line else { return .entered }
      let device = try lookup.device(line.address, db)
      let ours = [device?.certificate, device?.pending].compactMap { $0 }.first { IssuanceLine($0) == known }
      return .contradicted(known, ours.flatMap { Contradiction($0, certificate) })
    }
  }

  /// Signs the log's head as it is now; the statement is kept.
  func signHead(_ issuer: AuthorityIssuer, _ db: Database) throws {
    let (count, head) = try Self.tip(db)
    let statement = try issuer.statement(IssuanceContent(count: UInt32(truncatingIfNeeded: count), head: head))
    try db.execute(
      sql: "INSERT INTO issuance_heads (statement, at) VALUES (?, ?)", arguments: [statement.data, now()])
  }

  /// The heads that were signed, oldest first.
  public func issuanceHeads() throws(RegistryError) -> [IssuanceStatement] {
    try read { db, _ in
      try Data.fetchAll(db, sql: "SELECT statement FROM issuance_heads ORDER BY sequence")
        .map { try IssuanceStatement(column: $0) }
    }
  }

  /// What is wrong with the issuance log: a line that does not follow from the one before, a signed head that the log does not
  /// pass through, a device whose key was never entered. Empty when the log is consistent.
  ///
  /// - Parameter witnesses: heads that somebody has kept elsewhere.
  public func issuanceProblems(against witnesses: [IssuanceStatement] = []) throws(RegistryError) -> [String] {
    let heads = try issuanceHeads() + witnesses
    return try read { db, _ in
      var problems: [String] = []
      let key = try AuthorityState(db).issuerKey
      var signed: [UInt32: [IssuanceStatement]] = [:]
      for statement in heads {
        if !statement.isSigned(by: key) {
          problems.append("the head at line \(statement.content.count) is not signed by the owner")
        }
        signed[statement.content.count, default: []].append(statement)
      }
      var head = Bytes<32>()
      var count: UInt32 = 0
      let rows = try Row.fetchCursor(
        db, sql: "SELECT system, device_id, generation, public_key, head, sequence FROM issuances ORDER BY sequence")
      while let row = try rows.next() {
        count += 1
        let stored: Data = row[4]
        head = try IssuanceLine(row).head(after: head)
        if head.data != stored || Int64(count) != row[5] {
          problems.append("line \(count) does not follow from the line before")
          return problems
        }
        for statement in signed.removeValue(forKey: count) ?? [] where statement.content.head != head {
          problems.append("line \(count) is not the one that was signed: the log was rewritten")
        }
      }
      signed[0] = nil
      for missing in signed.keys.sorted() {
        problems.append("a head at line \(missing) was signed, and the log has \(count): lines were taken out")
      }
      let unknown = try Int.fetchOne(
        db,
        sql: """
          SELECT count(*) FROM devices d WHERE NOT EXISTS (SELECT 1 FROM issuances i WHERE i.system = d.system
            AND i.device_id = d.device_id AND i.generation = d.generation AND i.public_key = d.public_key)
          """)
      if let unknown, unknown > 0 { problems.append("\(unknown) devices have a key that was never entered") }
      return problems
    }
  }
}

extension IssuanceLine {
  /// From the columns system, device, generation and key.
  fileprivate init(_ row: Row) throws {
    let key: Data = row[3]
    self.init(
      address: DeviceAddress(system: SystemID(row[0]), device: DeviceID(column: row[1])), generation: row[2],
      publicKey: try Bytes(copying: [UInt8](key)))
  }
}
