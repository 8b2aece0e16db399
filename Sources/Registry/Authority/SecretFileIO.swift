import Foundation
import Primitives
import Secrecy

/// Reading and writing files that hold secrets: mode 0600, no buffers left behind, on the disk before it is called done.
public enum SecretFileIO {
  /// Opens a file that nobody else may choose. The caller closes it.
  ///
  /// - Throws: ``RegistryError/file(path:errno:)``, ``RegistryError/unsafeFile(_:)``.
  public static func open(_ path: String, _ flags: Int32, followsLinks: Bool = false) throws(RegistryError) -> Int32 {
    do { return try OwnFile.open(path, flags, followsLinks: followsLinks) } catch { throw RegistryError(error) }
  }

  /// Checks files that SQLite is about to open, and those that it keeps beside them.
  public static func checkDatabase(_ path: String) throws(RegistryError) {
    do { try OwnFile.check(path, andBeside: ["-wal", "-shm", "-journal"]) } catch { throw RegistryError(error) }
  }

  /// Reads a file of at most `limit` bytes; of a longer one the first `limit + 1`, so that a parser refuses it.
  ///
  /// - Parameter followsLinks: whether the name may be a symbolic link, as where a system hands out secrets.
  /// - Throws: ``RegistryError/unsafeMode(path:mode:)`` when group or others have any access.
  public static func read(
    _ path: String, limit: Int, followsLinks: Bool = false
  ) throws(RegistryError) -> [UInt8] {
    let descriptor = try open(path, O_RDONLY, followsLinks: followsLinks)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .file(path: path, errno: errno) }
    guard status.st_mode & 0o077 == 0 else {
      throw .unsafeMode(path: path, mode: UInt16(status.st_mode & 0o7777))
    }
    // One allocation of the final size: growing would leave copies.
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
      let result = bytes.withUnsafeMutableBytes {
        Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if result < 0 && errno == EINTR { continue }
      guard result >= 0 else {
        let reason = errno
        wipe(&bytes)
        throw .file(path: path, errno: reason)
      }
      if result == 0 { break }
      count += result
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  /// Creates a file with mode 0600 that does not exist yet. On an error it is gone again.
  ///
  /// - Parameter synchronizing: whether to wait until it is on the disk.
  public static func create(
    _ path: String, _ bytes: RawSpan, synchronizing: Bool = true
  ) throws(RegistryError) {
    let descriptor = try open(path, O_WRONLY | O_CREAT | O_EXCL)
    let reason = write(bytes, to: descriptor, synchronizing: synchronizing)
    close(descriptor)
    if let reason {
      unlink(path)
      throw .file(path: path, errno: reason)
    }
  }

  /// Adds to a file, which is created with mode 0600, and waits until that is on the disk. After an error the file is as
  /// long as before.
  public static func append(_ path: String, _ bytes: RawSpan) throws(RegistryError) {
    let descriptor = try open(path, O_WRONLY | O_CREAT | O_APPEND)
    defer { close(descriptor) }
    let length = lseek(descriptor, 0, SEEK_END)
    if let reason = write(bytes, to: descriptor, synchronizing: true) {
      ftruncate(descriptor, length)
      throw .file(path: path, errno: reason)
    }
  }

  /// Writes all of it; returns the system's error number when that fails.
  private static func write(_ bytes: RawSpan, to descriptor: Int32, synchronizing: Bool) -> Int32? {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let result = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if result < 0 && errno == EINTR { continue }
        guard result > 0 else { return result == 0 ? ENOSPC : errno }
        done += result
      }
      return synchronizing && fsync(descriptor) != 0 ? errno : nil
    }
  }

  /// Puts a file in the place of another, or where none was: afterwards there is the old content or the new, nothing between.
  public static func replace(_ path: String, _ bytes: RawSpan) throws(RegistryError) {
    let temporary = path + ".new"
    unlink(temporary)
    try create(temporary, bytes)
    guard rename(temporary, path) == 0 else {
      let reason = errno
      unlink(temporary)
      throw .file(path: path, errno: reason)
    }
    try synchronize(directoryOf: path)
  }

  /// The directory that holds a file. Foundation's own way traps on a name of one letter.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Brings the entries of a file's directory to the disk.
  public static func synchronize(directoryOf path: String) throws(RegistryError) {
    let directory = directory(of: path)
    let descriptor = Foundation.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: directory, errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .file(path: directory, errno: errno) }
  }

  /// Overwrites a buffer that held a secret.
  public static func wipe(_ bytes: inout [UInt8]) {
    var span = bytes.mutableBytes
    Primitives.wipe(&span)
  }
}
