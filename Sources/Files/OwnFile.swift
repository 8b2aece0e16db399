// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Opening files that nobody else may choose: keys, locks, journals, databases.
///
/// What is opened is a regular file of this user or of root, found without following a symbolic link at its name, in a directory that only
/// these two may write to, and so on up to the root of the file system. A directory with the sticky bit, such as /tmp, is
/// accepted: others may add to it but not replace what is there. Opening never waits.
public enum OwnFile {
  /// - Parameters:
  ///   - options: in addition to those that keep it from following a link, from waiting, and from being inherited.
  ///   - operation: what an error says was to be done.
  ///   - followsLinks: whether the name may be a symbolic link, as where a system hands out secrets; the directory is then the one of
  ///     the file that it leads to.
  ///   - isInKnownDirectory: whether the caller has checked the directory.
  /// - Returns: a descriptor that the caller closes. A file that is created has mode 0600.
  public static func open(
    _ path: String, _ access: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions = [],
    for operation: FileError.Operation = .open, followsLinks: Bool = false, isInKnownDirectory: Bool = false
  ) throws(FileError) -> FileDescriptor {
    let target = followsLinks ? resolved(path) ?? path : path
    if !isInKnownDirectory { try checkDirectory(of: target) }
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        target, access, options: options.union([.noFollow, .nonBlocking, .closeOnExec]), permissions: .ownerReadWrite)
    } catch {
      let code = error as? Errno ?? .ioError
      switch code {
      case .tooManySymbolicLinkLevels: throw FileError(operation, path, .symbolicLink)
      // A pipe that nobody reads, or a socket.
      case .noSuchAddressOrDevice: throw FileError(operation, path, .notAFile)
      default: throw FileError(operation, path, .system(code))
      }
    }
    do throws(FileError) {
      try check(try FileError.naming(.inspect, path) { try descriptor.stat() }, path)
    } catch {
      try? descriptor.close()
      throw error
    }
    return descriptor
  }

  /// Checks a file that something else is about to open by its name, and those that it makes beside it. A missing file is fine.
  ///
  /// - Parameter suffixes: of the names beside it.
  public static func check(_ path: String, andBeside suffixes: [String] = []) throws(FileError) {
    try checkDirectory(of: path)
    for name in [path] + suffixes.map({ path + $0 }) {
      guard let status = try? Stat(name, followTargetSymlink: false) else { continue }
      guard status.type != .symbolicLink else { throw FileError(.open, name, .symbolicLink) }
      try check(status, name)
    }
  }

  /// Checks the directory in which a file is, or will be. A missing directory is left to whoever opens the file.
  public static func checkDirectory(of path: String) throws(FileError) {
    guard var directory = resolved(Directories.name(of: path)) else { return }
    while true {
      guard let status = try? Stat(directory, followTargetSymlink: false) else { return }
      let owner = status.userID.rawValue
      // A user unknown in this process's user name space owns what belongs to the system outside.
      guard isTrusted(owner) || owner == unknownUser else {
        throw FileError(.open, directory, .foreignDirectory(owner))
      }
      // A group that has its owner's number is that user's own.
      let isOwnGroup = status.groupID.rawValue == owner && owner != unknownUser
      let others: FilePermissions = isOwnGroup ? .otherWrite : [.groupWrite, .otherWrite]
      guard status.permissions.isDisjoint(with: others) || status.permissions.contains(.saveText) else {
        throw FileError(.open, directory, .writableDirectory(UInt16(status.permissions.rawValue)))
      }
      guard directory != "/" else { return }
      directory = Directories.name(of: directory)
    }
  }

  private static let unknownUser: uid_t = 65534

  private static func isTrusted(_ user: uid_t) -> Bool { user == 0 || user == geteuid() }

  private static func check(_ status: Stat, _ path: String) throws(FileError) {
    guard status.type == .regular else {
      throw FileError(.open, path, status.type == .directory ? .system(.isDirectory) : .notAFile)
    }
    guard isTrusted(status.userID.rawValue) else {
      throw FileError(.open, path, .foreignOwner(status.userID.rawValue))
    }
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
