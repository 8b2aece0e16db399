// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import GRDB
import CountersignCrypto

/// The registry in an SQLite database in WAL mode.
///
/// One connection writes and one reads, each behind its own queue, so that a lookup never waits for a commit to reach the
/// disk. The statements of the hot path are prepared once per connection.
public final class SQLiteRegistry: DeviceRegistry, Sendable {
  public let path: String
  /// What the audit rows of this connection name as their author.
  let actor: String
  /// Seconds since 1970, for what is refilled as time passes.
  let clock: @Sendable () -> Int64
  private let writer: DatabaseQueue
  private let reader: DatabaseQueue
  private let writerLookup = DeviceLookup()
  private let readerLookup = DeviceLookup()
  let probe = KeyProbe()
  /// The witness of every commit; nil for a copy that nobody serves.
  let witness: RegistryWitness?

  /// Opens the registry at `path`, which must exist, and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - actor: the command or service, for the audit record.
  ///   - witness: the record of how far the registry has come.
  ///   - clock: seconds since 1970, for what is refilled as time passes.
  /// - Throws: ``RegistryError/newerDatabase(path:)``, ``RegistryError/corrupted(_:)``, ``RegistryError/noAuthority(path:)``,
  ///   ``RegistryError/readOnly(_:)``.
  public init(
    path: String, actor: String, witness: RegistryWitness? = nil,
    clock: (@Sendable () -> Int64)? = nil
  ) throws(RegistryError) {
    guard access(path, F_OK) == 0 else { throw .noAuthority(path: path) }
    try usingFiles(try SecretFile.checkDatabase(path))
    self.path = path
    self.actor = actor
    self.witness = witness
    self.clock = clock ?? { now() }
    do {
      let name = SecretFile.databaseName(path)
      writer = try DatabaseQueue(path: name, configuration: Self.configuration(readonly: false))
      try writer.inDatabase { try Self.check($0, path: path) }
      try Migrations.all.migrate(writer)
      // A file in WAL mode stays so; a restored backup is not in WAL mode yet.
      try writer.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
      reader = try DatabaseQueue(path: name, configuration: Self.configuration(readonly: true))
    } catch { throw RegistryError(error, path: path) }
  }

  deinit { try? close() }

  /// Creates an empty registry file, readable by its owner only, in WAL mode and with the current schema.
  static func create(path: String) throws(RegistryError) {
    try usingFiles(try SecretFile.create(path, synchronizing: false))
    do {
      let queue = try DatabaseQueue(
        path: SecretFile.databaseName(path), configuration: configuration(readonly: false))
      try queue.inDatabase { db in
        try db.execute(sql: "PRAGMA application_id = \(Migrations.applicationID)")
        try db.execute(sql: "PRAGMA journal_mode = WAL")
      }
      try Migrations.all.migrate(queue)
      try queue.close()
    } catch { throw RegistryError(error, path: path) }
  }

  /// Runs `body` in a transaction that takes the write lock at its start.
  func write<Result>(_ body: (Database, DeviceLookup) throws -> Result) throws(RegistryError) -> Result {
    do {
      return try writer.inDatabase { db in
        var result: Result?
        var mark: RegistryMark?
        try db.inTransaction(.immediate) {
          result = try body(db, writerLookup)
          if witness != nil { mark = try RegistryMark(db) }
          return .commit
        }
        if let mark { witness(mark, db) }
        return result.unsafelyUnwrapped
      }
    } catch { throw RegistryError(error, path: path) }
  }

  /// Runs `body` on the reading connection, each statement in its own snapshot.
  func read<Result>(_ body: (Database, DeviceLookup) throws -> Result) throws(RegistryError) -> Result {
    do {
      return try reader.unsafeRead { try body($0, readerLookup) }
    } catch { throw RegistryError(error, path: path) }
  }

  /// Runs `body` on the writing connection without a transaction of ours, for statements that must have none.
  func readOutsideTransaction(_ body: (Database) throws -> Void) throws(RegistryError) {
    do { try writer.inDatabase(body) } catch { throw RegistryError(error, path: path) }
  }

  /// Closes both connections, the writing one last: the last connection to close folds the log back into the database file, and
  /// one that only reads could not. Deinitialising the registry does the same, but reports no error.
  public func close() throws(RegistryError) {
    do {
      reader.unsafeRead { _ in readerLookup.forgetStatements() }
      try reader.close()
      writer.inDatabase { db in
        writerLookup.forgetStatements()
        // A connection that has neither read nor written since it asked for a log has not opened the log, and would leave it
        // there.
        _ = try? Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
      }
      try writer.close()
    } catch { throw RegistryError(error, path: path) }
  }

  public func changeCounter() throws(RegistryError) -> Int64 {
    try read { db, _ in try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0 }
  }

  private static func configuration(readonly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      // A revocation that was acknowledged must survive a power cut: NORMAL would lose the last commits in WAL mode.
      if !readonly { try db.execute(sql: "PRAGMA synchronous = FULL") }
      try db.execute(sql: "PRAGMA cache_size = -16384")
      try db.execute(sql: "PRAGMA trusted_schema = OFF")
    }
    return configuration
  }

  private static func check(_ db: Database, path: String) throws {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id")
    guard id == Migrations.applicationID else { throw RegistryError.corrupted("\(path): not a Countersign registry") }
    guard try !Migrations.all.hasBeenSuperseded(db) else { throw RegistryError.newerDatabase(path: path) }
  }
}
