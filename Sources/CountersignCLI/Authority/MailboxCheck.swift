import Files
import Foundation
import GRDB
import Registry
import Relay

/// The server's mailbox, looked at without changing anything.
enum MailboxCheck {
  /// What is there, in words.
  ///
  /// - Throws: a ``Failure`` that says what is wrong.
  static func detail(_ path: String) throws(Failure) -> String {
    do { try SecretFile.checkDatabase(path) } catch { throw Failure(error) }
    guard access(path, F_OK) == 0 else { return "none yet: the server makes it" }
    do {
      let database = try open(path)
      return try database.inDatabase { try detail($0, path) }
    } catch let failure as Failure {
      throw failure
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT: throw damaged(path)
      default: throw Failure(.ioError, "cannot read \(path): \(error.message ?? "SQLite \(error.resultCode.rawValue)")")
      }
    } catch { throw Failure(.ioError, "cannot read \(path): \(error)") }
  }

  /// A log beside the file belongs to what it says, and is there while a server runs. Without one the file is opened as one
  /// that does not change: otherwise SQLite, even for reading, would make a log and leave it behind.
  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
    if access(path + "-wal", F_OK) != 0 {
      let url = URL(fileURLWithPath: path).absoluteString + "?immutable=1"
      // Not every SQLite takes names of this kind.
      do { return try DatabaseQueue(path: url, configuration: configuration) } catch DatabaseError.SQLITE_CANTOPEN {}
    }
    return try DatabaseQueue(path: SecretFile.databaseName(path), configuration: configuration)
  }

  private static func detail(_ db: Database, _ path: String) throws -> String {
    let id = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    // A server that was cut off while it made the file goes on where it stopped.
    guard try id == MailboxSchema.applicationID || id == 0 && !db.tableExists("mail") else { throw damaged(path) }
    guard try db.tableExists("grdb_migrations"), try db.tableExists("mail") else { return "empty: the server fills it" }
    guard try !MailboxSchema.migrations.hasBeenSuperseded(db) else {
      throw Failure(.configuration, "\(path) was written by a later version of this program")
    }
    let problems = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
    guard problems.isEmpty else { throw Failure(.dataError, "\(path): \(problems.joined(separator: "; "))") }
    let waiting = try Int.fetchOne(db, sql: "SELECT count(*) FROM mail WHERE body IS NOT NULL") ?? 0
    return "SQLite's integrity check passed, \(waiting) messages wait"
  }

  private static func damaged(_ path: String) -> Failure {
    Failure(.dataError, "\(path) is not a mailbox, or it is damaged")
  }
}
