// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import SystemPackage
import Wire

extension AuthorityDirectory {
  /// What was put in the place of a registry.
  public struct Restored: Sendable {
    public let devices: Int
    public let revocationSequence: UInt32
    public let epoch: Epoch
    /// Where the old registry is now; nil when there was none.
    public let replaced: String?
  }

  /// Puts a copy of a backup in the place of the registry. The backup is only read, and the old registry is kept beside it.
  ///
  /// A database and its log belong together: SQLite would write the log of the old registry, left by a crash, into a file that
  /// merely has its name. So the copy is checked under its own name, and the old files are moved away with their log.
  ///
  /// - Throws: ``RegistryError/directoryInUse(path:holder:)`` when a server runs, ``RegistryError/corrupted(_:)`` when the backup is not
  ///   whole, ``RegistryError/backupHasLog(path:)``.
  public func restoreRegistry(from backup: String, actor: String) throws(RegistryError) -> Restored {
    let lock = try ServerLock(directory: path)
    defer { withExtendedLifetime(lock) {} }
    // An empty log, as earlier versions left it, holds nothing that the file lacks.
    guard Self.length(of: backup + "-wal") == 0 else { throw .backupHasLog(path: backup) }
    let copy = registryPath + ".restoring"
    for suffix in Self.suffixes { unlink(copy + suffix) }
    do throws(RegistryError) {
      try usingFiles(try Self.copy(backup, to: copy))
      let restored = try Self.check(copy, actor)
      let replaced = try moveAside()
      try Self.rename(copy, registryPath)
      try usingFiles(try Directories.synchronize(of: registryPath))
      return Restored(
        devices: restored.devices, revocationSequence: restored.state.revocationSequence,
        epoch: restored.state.epoch, replaced: replaced)
    } catch {
      for suffix in Self.suffixes { unlink(copy + suffix) }
      throw error
    }
  }

  /// A database, its log and the log's index.
  private static let suffixes = ["", "-wal", "-shm"]

  private static func check(_ path: String, _ actor: String) throws(RegistryError) -> (
    devices: Int, state: AuthorityState
  ) {
    let registry = try SQLiteRegistry(path: path, actor: actor)
    let problems = try registry.integrityProblems()
    guard problems.isEmpty else { throw .corrupted(problems.joined(separator: "; ")) }
    let result = (devices: try registry.deviceCount(in: nil), state: try registry.state())
    try registry.close()
    return result
  }

  /// Moves the current registry, and its log, to another name, over one that was moved there before. The file goes first: a crash
  /// leaves no registry, but never one without its log.
  private func moveAside() throws(RegistryError) -> String? {
    let destination = registryPath + ".replaced"
    let present = Self.suffixes.filter { access(registryPath + $0, F_OK) == 0 }
    guard !present.isEmpty else { return nil }
    if present.contains("") { for suffix in Self.suffixes { unlink(destination + suffix) } }
    for suffix in present { try Self.rename(registryPath + suffix, destination + suffix) }
    try usingFiles(try Directories.synchronize(of: registryPath))
    return destination
  }

  private static func length(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func rename(_ source: String, _ destination: String) throws(RegistryError) {
    guard Foundation.rename(source, destination) == 0 else { throw .file(FileError(.write, destination)) }
  }

  private static func copy(_ source: String, to destination: String) throws(FileError) {
    let input = try OwnFile.open(source, .readOnly, followsLinks: true)
    defer { try? input.close() }
    try SecretFile.create(destination, synchronizing: false)
    let output = try OwnFile.open(destination, .writeOnly, for: .write)
    defer { try? output.close() }
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = try FileError.naming(.read, source) { try chunk.withUnsafeMutableBytes { try input.read(into: $0) } }
      if count == 0 { break }
      try FileError.naming(.write, destination) { _ = try output.writeAll(chunk[..<count]) }
    }
    try FileError.naming(.write, destination) { try output.synchronize() }
  }
}
