// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that hold secrets: mode 0600, no buffers left behind, on the disk before they are called done. A crash leaves the old
/// content or the new, nothing in between.
public enum SecretFile {
  /// Reads a file of at most `limit` bytes; of a longer one the first `limit + 1`, so that a parser refuses it. The caller wipes what
  /// it gets.
  ///
  /// - Parameters:
  ///   - followsLinks: whether the name may be a symbolic link, as where a system hands out secrets.
  ///   - isInKnownDirectory: whether the caller has checked the directory.
  /// - Throws: ``FileError``, with ``FileError/Reason/exposed(_:)`` when group or others have any access.
  public static func read(
    _ path: String, limit: Int, followsLinks: Bool = false, isInKnownDirectory: Bool = false
  ) throws(FileError) -> [UInt8] {
    let descriptor = try OwnFile.open(
      path, .readOnly, followsLinks: followsLinks, isInKnownDirectory: isInKnownDirectory)
    defer { try? descriptor.close() }
    let mode = try FileError.naming(.inspect, path) { try descriptor.stat().permissions }
    guard mode.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]) else {
      throw FileError(.read, path, .exposed(UInt16(mode.rawValue)))
    }
    // One allocation of the final size: growing would leave copies.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
      do {
        let more = try bytes.withUnsafeMutableBytes { try descriptor.read(into: .init(rebasing: $0[count...])) }
        if more == 0 { break }
        count += more
      } catch {
        bytes.withUnsafeMutableBytes { wipe($0) }
        throw FileError(.read, path, .system(error as? Errno ?? .ioError))
      }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Creates a file that does not exist yet. On an error it is gone again.
  ///
  /// - Parameter synchronizing: whether to wait until it is on the disk.
  /// - Throws: ``FileError``, with `fileExists` when there is one.
  public static func create(_ path: String, _ bytes: RawSpan = RawSpan(), synchronizing: Bool = true) throws(FileError)
  {
    let descriptor = try OwnFile.open(path, .writeOnly, [.create, .exclusiveCreate], for: .create)
    defer { try? descriptor.close() }
    do { try write(bytes, to: descriptor, path, synchronizing: synchronizing) } catch {
      unlink(path)
      throw error
    }
  }

  /// How many bytes longer than a device file's name the names beside it are: a lock, a next state, a file that is being made.
  public static let roomBesideName = 40

  /// Refuses a name that leaves no room for such longer ones: the file could be made but then not be used.
  ///
  /// - Throws: ``FileError`` with `fileNameTooLong`.
  public static func checkRoom(beside path: String) throws(FileError) {
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    let limit = pathconf(Directories.name(of: path), Int32(_PC_NAME_MAX))
    guard limit < 0 || name.utf8.count + roomBesideName <= limit else {
      throw FileError(.create, path, .system(.fileNameTooLong))
    }
  }

  /// Creates a file that is whole as soon as it has its name.
  ///
  /// - Throws: ``FileError``, with `fileExists` when there is one of that name.
  public static func createWhole(_ path: String, _ bytes: RawSpan) throws(FileError) {
    // Unique to this call, because another process may be creating the same path.
    let temporary = "\(path).\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try create(temporary, bytes)
    defer { unlink(temporary) }
    try move(temporary, to: path)
    try Directories.synchronize(of: path)
  }

  /// Gives a file a second name: unlike a rename, a link never replaces what another process put there meanwhile.
  ///
  /// - Throws: ``FileError``, with `fileExists` when there is a file of that name.
  public static func move(_ path: String, to destination: String) throws(FileError) {
    guard link(path, destination) == 0 else { throw FileError(.create, destination) }
    unlink(path)
  }

  /// Appends to a file, which is created if there is none, and waits until that is on the disk. After an error the file is as
  /// long as before.
  public static func append(_ path: String, _ bytes: RawSpan) throws(FileError) {
    let descriptor = try OwnFile.open(path, .writeOnly, [.create, .append], for: .write)
    defer { try? descriptor.close() }
    let length = try FileError.naming(.inspect, path) { try descriptor.seek(offset: 0, from: .end) }
    do { try write(bytes, to: descriptor, path, synchronizing: true) } catch {
      ftruncate(descriptor.rawValue, off_t(length))
      throw error
    }
  }

  /// Where ``replace(_:_:)`` writes first. A crash may leave it behind, with secrets in it.
  public static func temporary(for path: String) -> String { path + ".new" }

  /// Replaces a file, or creates it. The caller keeps others from doing so at the same time.
  public static func replace(_ path: String, _ bytes: RawSpan) throws(FileError) {
    let temporary = temporary(for: path)
    unlink(temporary)
    try create(temporary, bytes)
    guard rename(temporary, path) == 0 else {
      let error = FileError(.write, path)
      unlink(temporary)
      throw error
    }
    try Directories.synchronize(of: path)
  }

  /// Waits until a file that something else has written, and the entry that names it, are on the disk.
  public static func synchronize(_ path: String) throws(FileError) {
    let descriptor = try OwnFile.open(path, .readOnly, for: .write, isInKnownDirectory: true)
    defer { try? descriptor.close() }
    try FileError.naming(.write, path) { try descriptor.synchronize() }
    try Directories.synchronize(of: path)
  }

  /// A file's name in a form that SQLite takes for that file: a name that began with `file:` would be a URI, and `:memory:` no
  /// file at all.
  public static func databaseName(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

  /// Checks files that SQLite is about to open, and those that it keeps beside them.
  public static func checkDatabase(_ path: String) throws(FileError) {
    try OwnFile.check(path, andBeside: ["-wal", "-shm", "-journal"])
  }

  private static func write(
    _ bytes: RawSpan, to descriptor: FileDescriptor, _ path: String, synchronizing: Bool
  ) throws(FileError) {
    try FileError.naming(.write, path) {
      try bytes.withUnsafeBytes { _ = try descriptor.writeAll($0) }
      if synchronizing { try descriptor.synchronize() }
    }
  }
}

/// Overwrites what was read so far.
private func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
  #if canImport(Darwin)
    memset_s(bytes.baseAddress, bytes.count, 0, bytes.count)
  #else
    explicit_bzero(bytes.baseAddress!, bytes.count)
  #endif
}
