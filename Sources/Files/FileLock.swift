// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An advisory lock on a file, which the system releases when its process ends, however it ends.
public final class FileLock: Sendable {
  private let descriptor: FileDescriptor

  /// Takes the lock of a file, which is created if there is none.
  ///
  /// - Parameters:
  ///   - patience: how long to wait for another process that holds it. Whoever may open the file may hold its lock for ever.
  ///   - isInKnownDirectory: whether the caller has checked the directory.
  /// - Throws: ``FileError``, with ``FileError/Reason/inUse`` when another process holds it.
  public convenience init(
    _ path: String, patience: Duration = .zero, isInKnownDirectory: Bool = false
  ) throws(FileError) {
    let descriptor = try OwnFile.open(
      path, .readWrite, [.create], for: .lock, isInKnownDirectory: isInKnownDirectory)
    try self.init(locking: descriptor, path, patience)
  }

  /// Takes the lock of a directory.
  public convenience init(directory path: String) throws(FileError) {
    let descriptor = try FileError.naming(.lock, path) {
      try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
    }
    try self.init(locking: descriptor, path, .zero)
  }

  private init(locking descriptor: FileDescriptor, _ path: String, _ patience: Duration) throws(FileError) {
    self.descriptor = descriptor
    let deadline = ContinuousClock.now + patience
    // flock itself can only wait for ever. Most locks are held for a commit, so that the first pauses are short.
    var pause: useconds_t = 500
    while flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
      let code = Errno(rawValue: errno)
      if code == .interrupted { continue }
      guard code == .wouldBlock else { throw FileError(.lock, path, .system(code)) }
      guard ContinuousClock.now < deadline else { throw FileError(.lock, path, .inUse) }
      usleep(pause)
      pause = min(2 * pause, 32_000)
    }
  }

  /// Writes who holds the lock into its file, for whoever is refused. Only the lock itself counts.
  public func sign(_ text: String) {
    _ = ftruncate(descriptor.rawValue, 0)
    _ = try? descriptor.writeAll(toAbsoluteOffset: 0, text.utf8)
  }

  /// What the holder of a lock wrote into its file, at most 64 bytes; nil when nobody holds it.
  public static func holder(of path: String) -> String? {
    guard let descriptor = try? OwnFile.open(path, .readOnly, for: .lock) else { return nil }
    defer {
      flock(descriptor.rawValue, LOCK_UN)
      try? descriptor.close()
    }
    // A shared lock is refused exactly while somebody has the exclusive one.
    guard flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { try? descriptor.read(fromAbsoluteOffset: 0, into: $0) }
    return String(decoding: buffer.prefix(count ?? 0), as: UTF8.self)
  }

  deinit {
    // A process that this one is just starting has a copy of the descriptor for a moment, which closing would leave locked.
    flock(descriptor.rawValue, LOCK_UN)
    try? descriptor.close()
  }
}
