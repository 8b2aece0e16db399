// SPDX-License-Identifier: Apache-2.0

import Device
import Files
import CountersignCrypto
import Secrecy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a device keeps in a file.
public protocol StoredIdentity: ~Copyable {
  static var encodedLength: Int { get }
  var isDirty: Bool { get }
  init()
  mutating func load(_ bytes: RawSpan) throws(DeviceError)
  func encode(into target: inout MutableRawSpan)
  mutating func markStored()
}

extension DeviceIdentity: StoredIdentity {}
extension SymmetricIdentity: StoredIdentity {}

/// The file of a device with a key pair.
public typealias DeviceStore = IdentityStore<DeviceIdentity>
/// The file of a device whose keys the server computes.
public typealias SymmetricStore = IdentityStore<SymmetricIdentity>

/// A device's identity in a file. Several processes may work with one file: each change takes a lock, starts from what is on
/// disk, and is stored before anything that follows from it leaves this machine.
public final class IdentityStore<Identity: StoredIdentity & ~Copyable> {
  /// The file itself, not a symbolic link to it: every process must agree on the files beside it and on what replaces it.
  public let path: String
  private var identity = Identity()
  /// The checksum at the end of the file as it was last loaded or written; empty when memory is not to be trusted. Inodes and
  /// times do not suffice: a file system reuses inodes and counts time in ticks.
  private var checksum: [UInt8] = []
  private var pages = PageLock()
  /// How long a change waits for another process that holds the file's lock.
  public var patience: Duration

  /// Opens an existing device file.
  ///
  /// - Parameter patience: see ``patience``.
  public init(opening path: String, patience: Duration = .seconds(10)) throws(DeviceHostError) {
    self.patience = patience
    guard let resolved = realpath(path, nil) else { throw .file(FileError(.open, path)) }
    self.path = String(cString: resolved)
    free(resolved)
    pages.hold(self)
    try usingFiles(try OwnFile.checkDirectory(of: self.path))
    try withLock { () throws(DeviceHostError) in
      try reload()
      // What a process that was killed in the middle of a change may have left; it holds keys.
      unlink(SecretFile.temporary(for: self.path))
    }
  }

  /// Creates a device file; the path must not exist.
  public static func create(
    _ path: String, _ make: (inout Identity) throws(DeviceError) -> Void
  ) throws(DeviceHostError) {
    var identity = Identity()
    do { try make(&identity) } catch { throw .device(error) }
    try withEncoded(identity) { content throws(FileError) in try SecretFile.createWhole(path, content.bytes) }
  }

  /// Reads from the identity as it was last loaded; see ``refresh()``.
  public func read<R>(_ body: (borrowing Identity) throws(DeviceError) -> R) throws(DeviceHostError) -> R {
    do throws(DeviceError) { return try body(identity) } catch { throw .device(error) }
  }

  /// Takes over what other processes have stored.
  public func refresh() throws(DeviceHostError) {
    try withLock { () throws(DeviceHostError) in try reload() }
  }

  /// Changes the identity and stores it before returning. An error leaves file and memory as they were.
  public func update<R>(
    _ body: (inout Identity) throws(DeviceError) -> R
  ) throws(DeviceHostError) -> R {
    try withLock { () throws(DeviceHostError) in
      try reload()
      do throws(DeviceHostError) {
        let result: R
        do throws(DeviceError) { result = try body(&identity) } catch { throw .device(error) }
        if identity.isDirty {
          try Self.withEncoded(identity) { content throws(FileError) in
            try SecretFile.replace(path, content.bytes)
            checksum = content.suffix(32)
          }
          identity.markStored()
        }
        return result
      } catch {
        // Whatever the failed change did in memory is dropped.
        checksum = []
        try? reload()
        throw error
      }
    }
  }

  private func reload() throws(DeviceHostError) {
    var content = try usingFiles(try SecretFile.read(path, limit: Identity.encodedLength, isInKnownDirectory: true))
    defer { wipe(&content) }
    guard checksum.isEmpty || checksum != content.suffix(32) else { return }
    checksum = []
    do { try identity.load(content.bytes) } catch { throw .device(error) }
    checksum = content.suffix(32)
  }

  private static func withEncoded(
    _ identity: borrowing Identity, _ body: ([UInt8]) throws(FileError) -> Void
  ) throws(DeviceHostError) {
    var content = [UInt8](repeating: 0, count: Identity.encodedLength)
    defer { wipe(&content) }
    var span = content.mutableBytes
    identity.encode(into: &span)
    do { try body(content) } catch { throw .file(error) }
  }

  /// The lock is on a file beside the device file, because the device file is replaced at every change.
  private func withLock<R>(_ body: () throws(DeviceHostError) -> R) throws(DeviceHostError) -> R {
    let lock = try usingFiles(try FileLock(path + ".lock", patience: patience, isInKnownDirectory: true))
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }
}
