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

  /// Writes a consistent copy to a new file, readable by its owner only, while others go on working.
  ///
  /// - Throws: ``RegistryError/file(path:errno:)`` when the file exists or cannot be made.
  public func backUp(to path: String) throws(RegistryError) {
    let descriptor = try SecretFileIO.open(path, O_WRONLY | O_CREAT | O_EXCL)
    do throws(RegistryError) {
      // SQLite takes an empty file for one that does not exist, and leaves its mode alone.
      try readOutsideTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
    } catch {
      unlink(path)
      Foundation.close(descriptor)
      throw error
    }
    fsync(descriptor)
    Foundation.close(descriptor)
    try SecretFileIO.synchronize(directoryOf: path)
  }
}
