// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import GRDB

extension SQLiteRegistry {
  /// What SQLite's own checks find wrong with the file; empty when it is whole.
  public func integrityProblems() throws(RegistryError) -> [String] {
    try read { db, _ in
      let pages = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let references = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
        "a row of \(row[0] as String) refers to nothing in \(row[2] as String)"
      }
      return pages + references
    }
  }

  /// The names of the migrations that made this schema.
  public func appliedMigrations() throws(RegistryError) -> [String] {
    try read { db, _ in try Migrations.all.appliedMigrations(db) }
  }

  /// Writes a consistent copy to a new file, readable by its owner only, while others keep working.
  ///
  /// - Throws: ``RegistryError/file(_:)`` when the file exists or cannot be made.
  public func backUp(to path: String) throws(RegistryError) {
    try usingFiles(try SecretFile.checkRoom(beside: path))
    // SQLite takes an empty file for one that does not exist, and leaves its mode alone.
    try usingFiles(try SecretFile.create(path, synchronizing: false))
    do throws(RegistryError) {
      try readOutsideTransaction {
        try $0.execute(sql: "VACUUM INTO ?", arguments: [SecretFile.databaseName(path)])
      }
    } catch {
      unlink(path)
      throw error
    }
    try usingFiles(try SecretFile.synchronize(path))
  }
}
