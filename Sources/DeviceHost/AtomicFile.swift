import Primitives

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reading and replacing small files so that a crash leaves the old content or the new, never something between.
enum AtomicFile {
  /// The whole content; refuses a file that others can read.
  static func readSecret(_ path: String) throws(DeviceHostError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(operation: "open", path: path, reason: lastError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .file(operation: "inspect", path: path, reason: lastError()) }
    let mode = UInt16(truncatingIfNeeded: status.st_mode & 0o777)
    guard mode & 0o077 == 0 else { throw .exposed(path: path, mode: mode) }
    // Nothing of ours is larger; a device node or a stray file is not read to its end.
    var content = [UInt8](repeating: 0, count: 1 << 20)
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
    let result = Array(content[..<length])
    var span = content.mutableBytes
    wipe(&span)
    return result
  }

  /// Replaces `path` by `content`, mode 0600: a temporary file beside it, synced, renamed, and the directory synced.
  static func replace(_ path: String, with content: [UInt8], mustBeNew: Bool = false) throws(DeviceHostError) {
    let temporary = "\(path).new-\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file(operation: "create", path: temporary, reason: lastError()) }
    var written = 0
    var failure: String?
    while written < content.count && failure == nil {
      let count = content.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count >= 0 { written += count } else if errno != EINTR { failure = lastError() }
    }
    if failure == nil && fsync(descriptor) != 0 { failure = lastError() }
    close(descriptor)
    if failure == nil {
      // link refuses an existing target, rename replaces it.
      let status = mustBeNew ? link(temporary, path) : rename(temporary, path)
      if status != 0 {
        let isTaken = mustBeNew && errno == EEXIST
        failure = lastError()
        unlink(temporary)
        if isTaken { throw .exists(path: path) }
      } else if mustBeNew {
        unlink(temporary)
      }
    } else {
      unlink(temporary)
    }
    if let failure { throw .file(operation: "write", path: path, reason: failure) }
    syncDirectory(of: path)
  }

  private static func syncDirectory(of path: String) {
    let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
