// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import GRDB
import Keyring
import CountersignCrypto

extension RegistryError {
  /// What went wrong while working on the database at `path`.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as RegistryError: self = error
    case let error as CredentialsError: self = .signer(error)
    case let error as KeyringError: self.init(error)
    case let error as DatabaseError: self.init(error, path: path)
    default: self = .database(code: 1, "\(error)")
    }
  }

  private init(_ error: DatabaseError, path: String) {
    switch error.resultCode {
    case .SQLITE_FULL: self = .full(path)
    // SQLite reports a failed write when there is no room for the index of its log.
    case .SQLITE_IOERR where Self.isDiskFull(at: path): self = .full(path)
    case .SQLITE_READONLY: self = .readOnly(path)
    // The log lies beside the database: both the file and its directory must be writable.
    case .SQLITE_CANTOPEN
    where access(path, W_OK) != 0 || access(Directories.name(of: path), W_OK) != 0:
      self = .readOnly(path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupted("\(path): \(error.message ?? "not a database")")
    default:
      self = .database(code: error.extendedResultCode.rawValue, "\(path): \(error.message ?? "unknown error")")
    }
  }

  private static func isDiskFull(at path: String) -> Bool {
    var status = statvfs()
    return statvfs(path, &status) == 0 && status.f_bavail == 0
  }
}
