// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a file or directory could not be used.
public struct FileError: Error, Equatable, Sendable {
  /// What was to be done with it.
  public enum Operation: String, Sendable {
    case open, create, inspect, read, write, lock
  }

  public enum Reason: Equatable, Sendable {
    /// The system refused.
    case system(Errno)
    /// Another process holds its lock.
    case inUse
    /// It became shorter while it was read.
    case shortened
    /// It holds a secret, and others than its owner have access: the mode.
    case exposed(UInt16)
    /// The name is a symbolic link: whoever made it chose the file.
    case symbolicLink
    /// A pipe, a device, a socket: reading would wait, or never end.
    case notAFile
    /// Somebody else owns it, who could change it at any time: the user's number.
    case foreignOwner(UInt32)
    /// Others may write to this directory, so they could replace the file: the mode.
    case writableDirectory(UInt16)
    /// Somebody else owns this directory: the user's number.
    case foreignDirectory(UInt32)
  }

  public let operation: Operation
  /// The file, or the directory if that is what is wrong.
  public let path: String
  public let reason: Reason

  public init(_ operation: Operation, _ path: String, _ reason: Reason) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  /// For a call of the C library that has just failed.
  public init(_ operation: Operation, _ path: String) {
    self.init(operation, path, .system(Errno(rawValue: errno)))
  }

  /// The system's error; nil when the reason is another.
  public var code: Errno? {
    if case .system(let code) = reason { code } else { nil }
  }

  /// What is wrong, in a line.
  public var message: String {
    switch reason {
    case .system(.fileExists): "\(path) exists"
    case .system(let code): "cannot \(operation.rawValue) \(path): \(code)"
    case .inUse: "another process uses \(path)"
    case .shortened: "cannot \(operation.rawValue) \(path): it became shorter"
    case .exposed(let mode): "\(path) can be read by others (mode 0\(String(mode, radix: 8)))"
    case .symbolicLink: "\(path) is a symbolic link"
    case .notAFile: "\(path) is not a regular file"
    case .foreignOwner(let user): "\(path) belongs to another user (number \(user))"
    case .writableDirectory(let mode): "others may write to the directory \(path) (mode 0\(String(mode, radix: 8)))"
    case .foreignDirectory(let user): "the directory \(path) belongs to another user (number \(user))"
    }
  }

  /// What to do about it; nil if the message says everything.
  public var remedy: String? {
    switch reason {
    case .system(.fileExists): "It is not overwritten: choose another name."
    case .system(.noSpace): "Nothing was lost: make room and run the command again."
    case .system(.resourceBusy):
      "Is the file mounted on its own? Its next state replaces it, which a mount prevents: mount its directory."
    case .system, .shortened: nil
    case .inUse: "Wait for it, or stop it."
    case .exposed: "It holds a secret. Run: chmod 600 \(path)"
    case .symbolicLink: "Only Countersign makes this file: find out who made the link, and remove it."
    case .notAFile: "Give a file, or remove what is there."
    case .foreignOwner: "Work as that user; or, if the file is yours, take it: chown \(geteuid()) \(path)"
    case .writableDirectory: "They could replace what is in it. Run: chmod go-w \(path)"
    case .foreignDirectory:
      "That user could replace what is in it. Work as that user, or: chown \(geteuid()) \(path)"
    }
  }

  /// Runs `body`, whose errors are the system's.
  public static func naming<Result>(
    _ operation: Operation, _ path: String, _ body: () throws -> Result
  ) throws(FileError) -> Result {
    do { return try body() } catch {
      throw FileError(operation, path, .system(error as? Errno ?? .ioError))
    }
  }
}
