import Foundation

/// One directory, one server: an advisory lock that the system releases when its process ends, however it ends. Commands that
/// only read or write the registry do not take it.
public final class ServerLock: Sendable {
  public static let fileName = "server.lock"
  private let descriptor: Int32

  /// Takes the lock of an authority's directory.
  ///
  /// - Throws: ``RegistryError/directoryInUse(path:holder:)``, ``RegistryError/file(path:errno:)``.
  public init(directory: String) throws(RegistryError) {
    let path = directory + "/" + Self.fileName
    descriptor = try SecretFileIO.open(path, O_RDWR | O_CREAT)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      let holder = Self.holder(descriptor)
      close(descriptor)
      guard reason == EWOULDBLOCK else { throw .file(path: path, errno: reason) }
      throw .directoryInUse(path: directory, holder: holder)
    }
    // Who holds it, for the one who is refused. The lock itself is what counts.
    let text = "process \(getpid())\n"
    _ = ftruncate(descriptor, 0)
    _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  /// Who holds the lock of a directory now; nil when nobody does.
  public static func holder(of directory: String) -> String? {
    guard let descriptor = try? SecretFileIO.open(directory + "/" + fileName, O_RDONLY) else { return nil }
    defer {
      flock(descriptor, LOCK_UN)
      close(descriptor)
    }
    // A shared lock is refused exactly while a server has its own.
    return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? nil : holder(descriptor)
  }

  deinit {
    // A process that this one is just starting has a copy of the descriptor for a moment, which closing would leave locked.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  private static func holder(_ descriptor: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    let text = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    return text.hasPrefix("process ") ? text.trimmingCharacters(in: .whitespacesAndNewlines) : "another process"
  }
}
