// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Device
import Files

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A device's suspended session in a file beside the device file: the counters in it only rise. One process at a time can use it; never use
/// a copy of it, or one from a backup: the server would take that for a second device.
public final class SuspensionFile: SuspensionFlash {
  let path: String
  private let lock: FileLock
  private let descriptor: Int32

  /// Where the suspended session of a device file is.
  public static func path(for device: String) -> String { device + ".sleep" }

  /// Opens the file beside a device file, or creates it.
  public init(beside device: String, patience: Duration = .seconds(10)) throws(DeviceHostError) {
    path = Self.path(for: device)
    lock = try usingFiles(try FileLock(path + ".lock", patience: patience))
    if access(path, F_OK) != 0 {
      try usingFiles(try SecretFile.createWhole(path, [UInt8](repeating: 0, count: SuspendedSession.areaLength).bytes))
    }
    // Checks the mode too.
    var content = try usingFiles(try SecretFile.read(path, limit: SuspendedSession.areaLength))
    defer { wipe(&content) }
    guard content.count == SuspendedSession.areaLength else { throw .device(.corruptFile) }
    descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .file(FileError(.open, path)) }
  }

  deinit { close(descriptor) }

  /// Calls `body` with what is stored.
  func withArea<Result, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
    var area = [UInt8](repeating: 0, count: SuspendedSession.areaLength)
    defer { wipe(&area) }
    // What cannot be read is taken for erased: then the device opens a session.
    _ = area.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return try body(area.bytes)
  }

  public func write(_ record: RawSpan, at offset: Int) throws(SuspensionError) {
    let count = record.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard count == record.byteCount, fdatasync(descriptor) == 0 else { throw .notStored }
  }
}
