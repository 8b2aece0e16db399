// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import Keyring
import Wire

extension SQLiteRegistry {
  public func allow(
    from: SystemID, to: SystemID, through lastEpoch: Epoch?, issuer: AuthorityIssuer
  ) throws(RegistryError) -> PolicyStatement {
    try write { db, _ in
      let state = try AuthorityState(db)
      let statement = try put(
        PolicyContent(from: from, to: to, lastEpoch: lastEpoch ?? state.lastEpoch), isStanding: lastEpoch == nil,
        issuer, db)
      try renumberRevocations(of: from, to, issuer, db)
      try renumberRotations(of: from, to, issuer, db)
      try record(.policyAllow, db, system: from, detail: "to system \(to.rawValue)")
      return statement
    }
  }

  public func deny(from: SystemID, to: SystemID, issuer: AuthorityIssuer) throws(RegistryError) -> PolicyStatement {
    try write { db, _ in
      let state = try AuthorityState(db)
      let statement = try put(
        PolicyContent(from: from, to: to, lastEpoch: state.epoch - 1), isStanding: false, issuer, db)
      try record(.policyDeny, db, system: from, detail: "to system \(to.rawValue)")
      return statement
    }
  }

  public func policies(concerning system: SystemID?) throws(RegistryError) -> [Policy] {
    try read { db, _ in try Self.policies(concerning: system, db) }
  }

  public func allows(from: SystemID, to: SystemID) throws(RegistryError) -> Bool {
    if from == to { return true }
    return try read { db, _ in
      let statement = try db.cachedStatement(
        sql: """
          SELECT 1 FROM policies, authority
          WHERE from_system = ? AND to_system = ? AND policies.last_epoch >= authority.epoch
          """)
      return try Int.fetchOne(statement, arguments: [from.column, to.column]) != nil
    }
  }

  /// Signs the standing policies again for the epoch that has just begun.
  func renewPolicies(_ issuer: AuthorityIssuer, _ db: Database) throws {
    let lastEpoch = try AuthorityState(db).lastEpoch
    for policy in try Self.policies(concerning: nil, db) where policy.isStanding {
      let content = policy.statement.content
      _ = try put(
        PolicyContent(from: content.from, to: content.to, lastEpoch: lastEpoch), isStanding: true, issuer, db)
    }
  }

  private func put(
    _ content: PolicyContent, isStanding: Bool, _ issuer: AuthorityIssuer, _ db: Database
  ) throws -> PolicyStatement {
    try require(content.from, db)
    try require(content.to, db)
    guard content.from != content.to else { throw RegistryError.policyWithinSystem(content.from) }
    let statement = try issuer.statement(content)
    try db.execute(
      sql: """
        INSERT INTO policies (from_system, to_system, last_epoch, standing, statement, changed_at)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (from_system, to_system) DO UPDATE SET last_epoch = excluded.last_epoch,
          standing = excluded.standing, statement = excluded.statement, changed_at = excluded.changed_at
        """,
      arguments: [
        content.from.column, content.to.column, Int(content.lastEpoch), isStanding, statement.data, now(),
      ])
    return statement
  }

  private static func policies(concerning system: SystemID?, _ db: Database) throws -> [Policy] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT statement, standing FROM policies WHERE :system IS NULL OR from_system = :system OR to_system = :system
        ORDER BY from_system, to_system
        """, arguments: ["system": system?.column])
    return try rows.map { Policy(statement: try PolicyStatement(column: $0[0]), isStanding: $0[1]) }
  }
}
