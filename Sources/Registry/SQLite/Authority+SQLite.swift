// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring
import Wire

extension SQLiteRegistry {
  public func state() throws(RegistryError) -> AuthorityState {
    try read { db, _ in try AuthorityState(db) }
  }

  /// Writes what a new registry says about its authority.
  func initialize(
    issuer: AuthorityIssuer, serverKey: X25519.PublicKey, masterKey: MasterPublicKey, certificateEpochs: Epoch
  ) throws(RegistryError) {
    try write { db, _ in
      let statement = try issuer.statement(EpochContent(epoch: 1))
      try db.execute(
        sql: """
          INSERT INTO authority (id, epoch, epoch_statement, certificate_epochs, issuer_key, server_key, created_at, master_key)
          VALUES (1, 1, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          statement.data, Int(certificateEpochs), issuer.signer.publicKey.data, serverKey.data, now(),
          masterKey.bytes.data,
        ])
      try record(.initialize, db)
    }
  }

  public func learn(_ masterKey: MasterPublicKey) throws(RegistryError) {
    try write { db, _ in
      try db.execute(
        sql: "UPDATE authority SET master_key = ? WHERE master_key IS NULL", arguments: [masterKey.bytes.data])
    }
  }

  public func advanceEpoch(by count: Epoch, issuer: AuthorityIssuer) throws(RegistryError) -> EpochStatement {
    try write { db, _ in
      let state = try AuthorityState(db)
      let (epoch, overflow) = state.epoch.addingReportingOverflow(count)
      guard !overflow else { throw RegistryError.epochsExhausted }
      let statement = try issuer.statement(EpochContent(epoch: epoch))
      try db.execute(
        sql: "UPDATE authority SET epoch = ?, epoch_statement = ?", arguments: [Int(epoch), statement.data])
      try renewPolicies(issuer, db)
      try signHead(issuer, db)
      try record(.epochAdvance, db, detail: "\(state.epoch) to \(epoch)")
      return statement
    }
  }
}

extension AuthorityState {
  /// Reads the one row.
  init(_ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        SELECT epoch, epoch_statement, certificate_epochs, revocation_sequence, issuer_key, server_key, created_at,
          master_key
        FROM authority
        """)
    guard let row = try Row.fetchOne(statement) else {
      throw RegistryError.corrupted("the registry has no authority")
    }
    let issuerKey: Data = row[4]
    let serverKey: Data = row[5]
    let masterKey: Data? = row[7]
    self.init(
      epoch: row[0],
      epochStatement: try EpochStatement(column: row[1]),
      certificateEpochs: row[2],
      revocationSequence: row[3],
      issuerKey: try Bytes(copying: [UInt8](issuerKey).bytes),
      serverKey: try Bytes(copying: [UInt8](serverKey).bytes),
      createdAt: row[6],
      masterKey: try masterKey.map { try MasterPublicKey(decoding: Bytes(copying: [UInt8]($0))) })
  }
}

/// Seconds since 1970.
func now() -> Int64 { Int64(time(nil)) }
