// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import CountersignCrypto
import Keyring

extension SQLiteRegistry {
  /// Refuses a registry that is behind what was witnessed, or has diverged since. If nothing was witnessed, the present state is.
  ///
  /// - Throws: ``RegistryError/behindWitness(changes:revocations:epochs:)``, ``RegistryError/contradictsWitness(change:)``.
  public func checkAgainstWitness() throws(RegistryError) {
    guard let witness else { return }
    // The witness first: whatever others commit after that only moves the registry forward.
    let known = witness.read()
    let mark = try read { db, _ in try RegistryMark(db) }
    guard let seen = known else { return witness.write(mark) }
    guard mark.auditSequence >= seen.auditSequence else {
      throw .behindWitness(
        changes: seen.auditSequence - mark.auditSequence,
        revocations: Int(seen.revocationSequence) - Int(mark.revocationSequence),
        epochs: Int(seen.epoch) - Int(mark.epoch))
    }
    let digest = try read { db, _ in try RegistryMark.digest(ofAudit: seen.auditSequence, db) }
    guard digest == seen.auditDigest else { throw .contradictsWitness(change: seen.auditSequence) }
  }

  /// Witnesses a commit. A witness that is further ahead, or of another registry, stays: this registry will be refused because of
  /// it.
  func witness(_ mark: RegistryMark, _ db: Database) {
    guard let witness else { return }
    if let seen = witness.read() {
      guard mark.auditSequence >= seen.auditSequence,
        (try? RegistryMark.digest(ofAudit: seen.auditSequence, db)) == seen.auditDigest
      else { return }
    }
    witness.write(mark)
  }

  /// Accepts a restored registry: its numbers continue after those that were witnessed, so that devices, which never go back,
  /// accept it.
  ///
  /// - Returns: what was witnessed and is missing.
  public func acceptRestored(issuer: AuthorityIssuer) throws(RegistryError) -> RegistryMark? {
    guard let seen = witness?.read() else { return nil }
    let mark = try read { db, _ in try RegistryMark(db) }
    try write { db, _ in
      if seen.auditSequence > mark.auditSequence {
        try db.execute(
          sql: "UPDATE sqlite_sequence SET seq = ? WHERE name = 'audit'", arguments: [seen.auditSequence])
      }
      if seen.revocationSequence > mark.revocationSequence {
        try db.execute(
          sql: "UPDATE authority SET revocation_sequence = ?", arguments: [Int64(seen.revocationSequence)])
      }
      try record(
        .registryRestore, db, detail: "\(max(seen.auditSequence - mark.auditSequence, 0)) changes are missing")
    }
    // One beyond what devices may have seen, so that certificates from after the backup can be made to end.
    let epoch = max(seen.epoch, mark.epoch)
    if epoch - mark.epoch > 0 { _ = try advanceEpoch(by: epoch - mark.epoch, issuer: issuer) }
    witness?.write(try read { db, _ in try RegistryMark(db) })
    return seen
  }

  /// The number of the latest audit entry.
  public func lastChange() throws(RegistryError) -> Int64 {
    try read { db, _ in try RegistryMark(db).auditSequence }
  }

  /// What was witnessed last.
  public var witnessed: RegistryMark? { witness?.read() }
}

extension RegistryMark {
  init(_ db: Database) throws {
    let state = try db.cachedStatement(sql: "SELECT epoch, revocation_sequence FROM authority")
    let row = try Row.fetchOne(state)
    let sequence = try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(sequence) FROM audit")) ?? 0
    self.init(
      auditSequence: sequence, auditDigest: try Self.digest(ofAudit: sequence, db), epoch: row?[0] ?? 0,
      revocationSequence: row?[1] ?? 0)
  }

  static func digest(ofAudit sequence: Int64, _ db: Database) throws -> Bytes<32> {
    let statement = try db.cachedStatement(
      sql: """
        SELECT json_array(
            (SELECT hex(issuer_key) FROM authority), sequence, at, actor, action, system, device_id, generation, detail)
        FROM audit WHERE sequence = ?
        """)
    let text = Array((try String.fetchOne(statement, arguments: [sequence]) ?? "").utf8)
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    Hash.SHA256.hash(text.bytes, into: &target)
    return digest
  }
}
