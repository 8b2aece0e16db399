import Device
import Primitives

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A device's identity in a file. Several processes may work with one file: each change takes a lock, starts from what is on
/// disk, and is stored before anything that follows from it leaves this machine.
public final class DeviceStore {
  public let path: String
  private var identity = DeviceIdentity()
  private var version = FileVersion()

  /// Which file was read last: replacing a file changes its inode.
  private struct FileVersion: Equatable {
    var inode: UInt64 = 0
    var seconds = 0
    var nanoseconds = 0
  }

  /// Opens an existing device file.
  public init(opening path: String) throws(DeviceHostError) {
    self.path = path
    try withLock { () throws(DeviceHostError) in try reload() }
  }

  /// Creates a device file; the path must not exist.
  public static func create(
    _ path: String, _ make: (inout DeviceIdentity) throws(DeviceError) -> Void
  ) throws(DeviceHostError) {
    var identity = DeviceIdentity()
    do { try make(&identity) } catch { throw .device(error) }
    try write(identity, to: path, mustBeNew: true)
  }

  /// Reads from the identity as it was last loaded.
  public func read<R>(_ body: (borrowing DeviceIdentity) throws(DeviceError) -> R) throws(DeviceHostError) -> R {
    do throws(DeviceError) { return try body(identity) } catch { throw .device(error) }
  }

  /// Changes the identity and stores it before returning. An error leaves the file as it was.
  public func update<R>(
    _ body: (inout DeviceIdentity) throws(DeviceError) -> R
  ) throws(DeviceHostError) -> R {
    try withLock { () throws(DeviceHostError) in
      try reload()
      let result: R
      do throws(DeviceError) { result = try body(&identity) } catch {
        // Whatever the failed change did in memory is dropped.
        version = FileVersion()
        try reload()
        throw .device(error)
      }
      if identity.isDirty {
        try Self.write(identity, to: path, mustBeNew: false)
        identity.markStored()
        version = try currentVersion()
      }
      return result
    }
  }

  private func reload() throws(DeviceHostError) {
    let current = try currentVersion()
    guard current != version else { return }
    var content = try AtomicFile.readSecret(path)
    defer {
      var span = content.mutableBytes
      wipe(&span)
    }
    do { try identity.load(content.bytes) } catch { throw .device(error) }
    version = current
  }

  private func currentVersion() throws(DeviceHostError) -> FileVersion {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .file(operation: "open", path: path, reason: lastError()) }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return FileVersion(inode: UInt64(status.st_ino), seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }

  private static func write(
    _ identity: borrowing DeviceIdentity, to path: String, mustBeNew: Bool
  ) throws(DeviceHostError) {
    var content = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    defer {
      var span = content.mutableBytes
      wipe(&span)
    }
    var span = content.mutableBytes
    identity.encode(into: &span)
    try AtomicFile.replace(path, with: content, mustBeNew: mustBeNew)
  }

  /// The lock is on a file beside the device file, for that one is replaced at every change.
  private func withLock<R>(_ body: () throws(DeviceHostError) -> R) throws(DeviceHostError) -> R {
    let lockPath = path + ".lock"
    let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file(operation: "lock", path: lockPath, reason: lastError()) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .file(operation: "lock", path: lockPath, reason: lastError()) }
    }
    return try body()
  }
}
