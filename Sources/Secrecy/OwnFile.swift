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
/// these two may write to, and so on up to the root of the file system. A directory with the sticky bit, such as /tmp, will do: others may
/// add to it and not exchange what is there. Opening never waits.
public enum OwnFile {
  /// - Parameters:
  ///   - flags: those of `open`; O_CLOEXEC, O_NONBLOCK and O_NOFOLLOW are added.
  ///   - mode: of a file that is created.
  ///   - followsLinks: whether the name may be a symbolic link, as where a system hands out secrets; the directory is then the one of
  ///     the file that it leads to.
  ///   - isInKnownDirectory: whether the caller has checked the directory.
  /// - Returns: a descriptor that the caller closes.
  public static func open(
    _ path: String, _ flags: Int32, mode: mode_t = 0o600, followsLinks: Bool = false, isInKnownDirectory: Bool = false
  ) throws(FileRefusal) -> Int32 {
    let target = followsLinks ? resolved(path) ?? path : path
    if !isInKnownDirectory { try checkDirectory(of: target) }
    let descriptor = systemOpen(target, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      // ENXIO: a pipe that nobody reads, or a socket.
      let reason: FileRefusal.Reason =
        switch errno {
        case ELOOP: .symbolicLink
        case ENXIO: .notAFile
        default: .system(errno)
        }
      throw FileRefusal(path: path, reason: reason)
    }
    do { try check(descriptor, path) } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// Checks a file that something else is about to open by its name, and those that it makes beside it. One that is not there is fine.
  ///
  /// - Parameter suffixes: of the names beside it.
  public static func check(_ path: String, andBeside suffixes: [String] = []) throws(FileRefusal) {
    try checkDirectory(of: path)
    for name in [path] + suffixes.map({ path + $0 }) {
      var status = stat()
      guard lstat(name, &status) == 0 else { continue }
      guard status.st_mode & S_IFMT != S_IFLNK else { throw FileRefusal(path: name, reason: .symbolicLink) }
      try check(status, name)
    }
  }

  /// Checks the directory in which a file is, or will be. One that is not there is left to whoever opens the file.
  public static func checkDirectory(of path: String) throws(FileRefusal) {
    guard var directory = resolved(self.directory(of: path)) else { return }
    while true {
      var status = stat()
      guard lstat(directory, &status) == 0 else { return }
      let owner = status.st_uid
      // A user that this process's name space does not know owns what the system outside does.
      guard isTrusted(owner) || owner == unknownUser else {
        throw FileRefusal(path: directory, reason: .foreignDirectory(owner))
      }
      // A group that has its owner's number is that user's own.
      let others: mode_t = status.st_gid == owner && owner != unknownUser ? 0o002 : 0o022
      guard status.st_mode & others == 0 || status.st_mode & S_ISVTX != 0 else {
        throw FileRefusal(path: directory, reason: .writableDirectory(UInt16(status.st_mode & 0o7777)))
      }
      guard directory != "/" else { return }
      directory = self.directory(of: directory)
    }
  }

  private static let unknownUser: uid_t = 65534

  private static func isTrusted(_ user: uid_t) -> Bool { user == 0 || user == geteuid() }

  private static func check(_ descriptor: Int32, _ path: String) throws(FileRefusal) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileRefusal(path: path, reason: .system(errno)) }
    try check(status, path)
  }

  private static func check(_ status: stat, _ path: String) throws(FileRefusal) {
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileRefusal(path: path, reason: status.st_mode & S_IFMT == S_IFDIR ? .system(EISDIR) : .notAFile)
    }
    guard isTrusted(status.st_uid) else { throw FileRefusal(path: path, reason: .foreignOwner(status.st_uid)) }
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// The C function whose name is taken above.
private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
