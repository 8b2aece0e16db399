// SPDX-License-Identifier: Apache-2.0

import Files
import GRDB

/// Why a mailbox cannot be used.
public enum MailboxError: Error, Equatable, Sendable {
  /// The file is one that others could have chosen or may read.
  case file(FileError)
  /// It was written by a later version of this program.
  case newer(path: String)
  /// The file is not a mailbox, or its pages do not hold together.
  case corrupted(path: String)
  /// It cannot be written or created.
  case readOnly(path: String)
  /// It cannot be read.
  case unreadable(path: String)
  /// The disk is full.
  case diskFull(path: String)
  /// Anything else that SQLite reports: its extended result code and message.
  case sqlite(code: Int32, String)

  /// What went wrong while working on the mailbox at `path`.
  init(_ error: any Error, path: String) {
    switch error {
    case let error as MailboxError: self = error
    case let error as DatabaseError:
      switch error.resultCode {
      case .SQLITE_FULL: self = .diskFull(path: path)
      case .SQLITE_READONLY, .SQLITE_CANTOPEN: self = .readOnly(path: path)
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupted(path: path)
      default: self = .sqlite(code: error.extendedResultCode.rawValue, error.message ?? "unknown error")
      }
    default: self = .sqlite(code: 1, "\(error)")
    }
  }
}
