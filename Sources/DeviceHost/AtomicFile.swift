import Primitives
import Secrecy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reading and replacing small files so that a crash leaves the old content or the new, never something between.
enum AtomicFile {
  /// Nothing of ours is larger; a device node or a stray file is not read to its end.
  private static let maximumLength = 1 << 20

  /// The whole content; refuses a file that others can read.
  ///
  /// - Parameters:
  ///   - followsLinks: whether the name may be a symbolic link.
  ///   - isInKnownDirectory: whether the directory was checked before.
  static func readSecret(
    _ path: String, followsLinks: Bool = false, isInKnownDirectory: Bool = false
  ) throws(DeviceHostError) -> [UInt8] {
    let descriptor = try open(
      path, O_RDONLY, "open", followsLinks: followsLinks, isInKnownDirectory: isInKnownDirectory)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .file(operation: "inspect", path: path, reason: lastError()) }
    let mode = UInt16(truncatingIfNeeded: status.st_mode & 0o777)
    guard mode & 0o077 == 0 else { throw .exposed(path: path, mode: mode) }
    var content = [UInt8](repeating: 0, count: min(max(Int(status.st_size), 0), maximumLength))
    var length = 0
    while length < content.count {
      let count = content.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + length, $0.count - length) }
      if count == 0 { break }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw .file(operation: "read", path: path, reason: lastError())
      }
      length += count
    }
    if length < content.count { content.removeLast(content.count - length) }
    return content
  }

  /// Opens a file that nobody else may choose; `operation` is what an error calls it.
  static func open(
    _ path: String, _ flags: Int32, _ operation: String, followsLinks: Bool = false, isInKnownDirectory: Bool = false
  ) throws(DeviceHostError) -> Int32 {
    do {
      return try OwnFile.open(path, flags, followsLinks: followsLinks, isInKnownDirectory: isInKnownDirectory)
    } catch { throw DeviceHostError(error, operation: operation) }
  }

  /// Where ``replace(_:with:)`` writes first. A crash may leave it behind, with secrets in it.
  static func temporary(for path: String) -> String { path + ".new" }

  /// Replaces `path` by `content`, mode 0600. The caller keeps others from doing so at the same time.
  static func replace(_ path: String, with content: [UInt8]) throws(DeviceHostError) {
    let temporary = temporary(for: path)
    unlink(temporary)
    try write(content, to: temporary)
    guard rename(temporary, path) == 0 else {
      let reason = lastError()
      unlink(temporary)
      throw .file(operation: "write", path: path, reason: reason)
    }
    synchronize(directoryOf: path)
  }

  /// Creates `path` with `content`, mode 0600; it must not exist.
  static func create(_ path: String, with content: [UInt8]) throws(DeviceHostError) {
    // Of this call alone, for another process may be creating the same path.
    let temporary = "\(path).\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try write(content, to: temporary)
    defer { unlink(temporary) }
    // Unlike rename, link refuses a target that exists.
    guard link(temporary, path) == 0 else {
      throw errno == EEXIST ? .exists(path: path) : .file(operation: "create", path: path, reason: lastError())
    }
    synchronize(directoryOf: path)
  }

  /// Writes a new file, and syncs it.
  private static func write(_ content: [UInt8], to path: String) throws(DeviceHostError) {
    let descriptor = try open(path, O_WRONLY | O_CREAT | O_EXCL, "create")
    defer { close(descriptor) }
    var written = 0
    while written < content.count {
      let count = content.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count >= 0 { written += count } else if errno != EINTR { break }
    }
    guard written == content.count, fsync(descriptor) == 0 else {
      let reason = lastError()
      unlink(path)
      throw .file(operation: "write", path: path, reason: reason)
    }
  }

  static func synchronize(directoryOf path: String) {
    let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = systemOpen(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

/// The C functions whose names are taken above.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
private func systemWrite(_ fd: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(fd, bytes, count) }
