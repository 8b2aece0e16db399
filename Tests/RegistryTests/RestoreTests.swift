// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite("A backup in the place of a registry")
struct RestoreTests {
  private let path = NSTemporaryDirectory() + "/countersign-restore-\(UUID().uuidString)"
  private let directory: AuthorityDirectory
  private let issuer: AuthorityIssuer
  private var backup: String { path + "/monday" }

  init() throws {
    directory = AuthorityDirectory(path)
    let authority = Authority.random()
    issuer = authority.issuer
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "test")
    let registry = try directory.openRegistry(actor: "test")
    let system = try registry.addSystem(named: "a").id
    for id in 1...40 {
      let key = X25519.PrivateKey.random().publicKey
      let device = NewDevice(
        address: DeviceAddress(system: system, device: DeviceID(UInt64(id))), publicKey: key)
      _ = try registry.addDevice(device, issuer: issuer)
    }
    try registry.backUp(to: backup)
    try registry.close()
  }

  /// Leaves the directory as a crash does: with a log whose changes are not in the database file yet.
  private func crash() throws {
    let registry = try directory.openRegistry(actor: "test")
    for name in ["b", "c", "d"] { _ = try registry.addSystem(named: name) }
    let files = ["registry.sqlite", "registry.sqlite-wal"]
    for file in files { try FileManager.default.copyItem(atPath: path + "/" + file, toPath: path + "/crashed-" + file) }
    try registry.close()
    for file in files {
      unlink(path + "/" + file)
      try FileManager.default.moveItem(atPath: path + "/crashed-" + file, toPath: path + "/" + file)
    }
    unlink(directory.registryPath + "-shm")
  }

  @Test("The log that a crash left is not written into it, and what was there is kept whole")
  func staleLog() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let before = try Data(contentsOf: URL(fileURLWithPath: backup))
    try crash()
    let restored = try directory.restoreRegistry(from: backup, actor: "test")
    #expect(restored.devices == 40 && restored.epoch == 1 && restored.revocationSequence == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: backup)) == before)
    var status = stat()
    #expect(stat(directory.registryPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let registry = try directory.openRegistry(actor: "test")
    #expect(try registry.integrityProblems().isEmpty)
    #expect(try registry.systems().map(\.name) == ["a"])
    try registry.close()
    let replaced = try SQLiteRegistry(path: try #require(restored.replaced), actor: "test")
    #expect(try replaced.systems().map(\.name) == ["a", "b", "c", "d"])
    try replaced.close()
    // Once more, over what the first time has left, and with what earlier versions left beside a backup.
    try Data().write(to: URL(fileURLWithPath: backup + "-wal"))
    #expect(try directory.restoreRegistry(from: backup, actor: "test").devices == 40)
  }

  @Test("What is no whole backup changes nothing")
  func noBackup() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var content = try Data(contentsOf: URL(fileURLWithPath: backup))
    try Data("garbage".utf8).write(to: URL(fileURLWithPath: path + "/garbage"))
    content.replaceSubrange(4096..<40_960, with: Data(repeating: 0x55, count: 36_864))
    try content.write(to: URL(fileURLWithPath: path + "/spoilt"))
    for name in ["garbage", "spoilt", "nowhere"] {
      chmod(path + "/" + name, 0o600)
      #expect(throws: RegistryError.self) { try directory.restoreRegistry(from: path + "/" + name, actor: "test") }
    }
    try crash()
    #expect(throws: RegistryError.backupHasLog(path: directory.registryPath)) {
      try directory.restoreRegistry(from: directory.registryPath, actor: "test")
    }
    #expect(throws: RegistryError.self) {
      let lock = try ServerLock(directory: path)
      defer { withExtendedLifetime(lock) {} }
      _ = try directory.restoreRegistry(from: backup, actor: "test")
    }
    let registry = try directory.openRegistry(actor: "test")
    #expect(try registry.systems().count == 4)
    let files = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(!files.contains { $0.contains(".restoring") || $0.contains(".replaced") }, "\(files)")
    try registry.close()
  }
}
