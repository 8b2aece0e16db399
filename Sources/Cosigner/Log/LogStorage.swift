// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Files
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a log's bytes are: a file, or a test's disk that fails.
public protocol LogStorage: AnyObject, Sendable {
  /// All of it.
  func read() throws(FileError) -> [UInt8]
  /// Adds bytes at the end. They may be lost until ``synchronize()``.
  func append(_ bytes: [UInt8]) throws(FileError)
  /// Returns when everything is on the disk.
  func synchronize() throws(FileError)
  /// Cuts off what comes after the first `count` bytes.
  func truncate(to count: Int) throws(FileError)
}

/// A file of mode 0600, which is locked for as long as this lives: one process has a log.
public final class LogFile: LogStorage {
  private let path: String
  private let descriptor: FileDescriptor
  private let lock: FileLock

  /// Makes a file with these first bytes, whole.
  public static func create(_ path: String, _ bytes: [UInt8]) throws(FileError) {
    try SecretFile.createWhole(path, bytes.bytes)
  }

  /// - Throws: ``FileError``, with `noSuchFileOrDirectory` when there is none, ``FileError/Reason/inUse`` while another process has it.
  public init(opening path: String) throws(FileError) {
    self.path = path
    descriptor = try OwnFile.open(path, .readWrite, [.append])
    do throws(FileError) { lock = try FileLock(path) } catch {
      try? descriptor.close()
      throw error
    }
  }

  deinit { try? descriptor.close() }

  public func read() throws(FileError) -> [UInt8] {
    try FileError.naming(.read, path) {
      let count = Int(try descriptor.seek(offset: 0, from: .end))
      var bytes = [UInt8](repeating: 0, count: count)
      var done = 0
      while done < count {
        let more = try bytes.withUnsafeMutableBytes {
          try descriptor.read(fromAbsoluteOffset: Int64(done), into: .init(rebasing: $0[done...]))
        }
        if more == 0 { break }
        done += more
      }
      return Array(bytes.prefix(done))
    }
  }

  public func append(_ bytes: [UInt8]) throws(FileError) {
    try FileError.naming(.write, path) { _ = try descriptor.writeAll(bytes) }
  }

  public func synchronize() throws(FileError) {
    try FileError.naming(.write, path) { try descriptor.synchronize() }
  }

  public func truncate(to count: Int) throws(FileError) {
    guard ftruncate(descriptor.rawValue, off_t(count)) == 0 else { throw FileError(.write, path) }
  }
}
