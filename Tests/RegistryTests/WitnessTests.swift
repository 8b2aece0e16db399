// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto
import Synchronization
import Testing
import Wire

@testable import Keyring
@testable import Registry

@Suite("What a directory has witnessed of its registry")
struct WitnessTests {
  /// An authority's directory with a device, a backup of then, and a revocation after it.
  private final class Bench {
    let path = NSTemporaryDirectory() + "/countersign-witness-\(UUID().uuidString)"
    let directory: AuthorityDirectory
    let authority = Authority.random()
    var registry: SQLiteRegistry
    let device: DeviceAddress

    init() throws {
      directory = AuthorityDirectory(path)
      try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "test")
      registry = try directory.openRegistry(actor: "test")
      device = DeviceAddress(system: try registry.addSystem(named: "a").id, device: DeviceID(7))
      _ = try registry.addDevice(
        NewDevice(address: device, publicKey: X25519.PrivateKey.random().publicKey), issuer: authority.issuer)
      try registry.backUp(to: path + "/backup")
      _ = try registry.revoke(device, through: nil, reason: .keyCompromise, issuer: authority.issuer)
      _ = try registry.advanceEpoch(by: 2, issuer: authority.issuer)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func restore() throws {
      try registry.close()
      for suffix in ["", "-wal", "-shm"] { unlink(directory.registryPath + suffix) }
      try FileManager.default.copyItem(atPath: path + "/backup", toPath: directory.registryPath)
      registry = try directory.openRegistry(actor: "test")
    }
  }

  @Test("The registry as it was left is opened")
  func unchanged() throws {
    let bench = try Bench()
    _ = try bench.directory.unlock(bench.registry, passphrase: nil)
    try bench.registry.close()
    bench.registry = try bench.directory.openRegistry(actor: "test")
    _ = try bench.directory.unlock(bench.registry, passphrase: nil)
  }

  @Test("A restored backup is refused, with what is missing, and what was accepted is remembered")
  func restored() throws {
    let bench = try Bench()
    let last = try bench.registry.lastChange()
    try bench.restore()
    let behind = RegistryError.behindWitness(changes: 2, revocations: 1, epochs: 2)
    for _ in 0..<2 {
      #expect(throws: behind) { try bench.directory.unlock(bench.registry, passphrase: nil) }
    }
    let authority = try bench.directory.unlock(bench.registry, passphrase: nil, acceptingRestored: true)
    #expect(try bench.registry.acceptRestored(issuer: authority.issuer)?.auditSequence == last)
    _ = try bench.directory.unlock(bench.registry, passphrase: nil)
    let state = try bench.registry.state()
    // Devices never go back: numbers go on where they have seen them.
    #expect(state.epoch == 3 && state.revocationSequence == 1)
    #expect(try bench.registry.audit(since: last, limit: 10).first?.action == "registry.restore")
    let again = try bench.registry.revoke(bench.device, through: nil, reason: .keyCompromise, issuer: authority.issuer)
    #expect(again.content.sequence == 2)
  }

  @Test("A backup that was used meanwhile, behind the witness's back, is refused though it is longer")
  func forked() throws {
    let bench = try Bench()
    try bench.restore()
    try bench.registry.close()
    // Without the directory nobody witnesses.
    let copy = try SQLiteRegistry(path: bench.directory.registryPath, actor: "elsewhere")
    for name in ["b", "c", "d"] { _ = try copy.addSystem(named: name) }
    try copy.close()
    bench.registry = try bench.directory.openRegistry(actor: "test")
    #expect(throws: RegistryError.contradictsWitness(change: 5)) {
      try bench.directory.unlock(bench.registry, passphrase: nil)
    }
  }

  @Test("A registry of another authority, founded in the same second, is not the one that was here")
  func another() throws {
    let marks = try (0..<3).map { _ in
      let path = NSTemporaryDirectory() + "/countersign-witness-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: path) }
      let directory = AuthorityDirectory(path)
      try directory.create(.random(), sealing: .unsealed, certificateEpochs: 8, actor: "test")
      let registry = try directory.openRegistry(actor: "test")
      defer { try? registry.close() }
      try registry.checkAgainstWitness()
      return [UInt8](copying: try #require(registry.witnessed).auditDigest.bytes)
    }
    #expect(Set(marks).count == 3)
  }

  @Test("Commands that need no key do not make a restored registry the one that was here")
  func commandsWithoutKey() throws {
    let bench = try Bench()
    let seen = try #require(bench.registry.witnessed)
    try bench.restore()
    _ = try bench.registry.addSystem(named: "b")
    #expect(bench.registry.witnessed == seen)
    #expect(throws: RegistryError.behindWitness(changes: 1, revocations: 1, epochs: 2)) {
      try bench.directory.unlock(bench.registry, passphrase: nil)
    }
    // As long as the one that was here, and longer: it is still another.
    for name in ["c", "d", "e"] {
      _ = try bench.registry.addSystem(named: name)
      #expect(throws: RegistryError.self) { try bench.directory.unlock(bench.registry, passphrase: nil) }
    }
    #expect(bench.registry.witnessed == seen)
    let authority = try bench.directory.unlock(bench.registry, passphrase: nil, acceptingRestored: true)
    _ = try bench.registry.acceptRestored(issuer: authority.issuer)
    _ = try bench.directory.unlock(bench.registry, passphrase: nil)
    _ = try bench.registry.addSystem(named: "f")
    #expect(bench.registry.witnessed?.auditSequence == (try bench.registry.lastChange()))
  }

  @Test("What another process commits meanwhile is no reason to refuse a registry")
  func commitsMeanwhile() throws {
    let bench = try Bench()
    let others = try bench.directory.openRegistry(actor: "another process")
    let group = DispatchGroup()
    let isOver = Mutex(false)
    try withExtendedLifetime(others) {
      group.enter()
      Thread.detachNewThread {
        for index in 0..<10_000 where !isOver.withLock({ $0 }) { _ = try? others.addSystem(named: "system-\(index)") }
        group.leave()
      }
      defer {
        isOver.withLock { $0 = true }
        group.wait()
      }
      for _ in 0..<1000 { try bench.registry.checkAgainstWitness() }
    }
  }

  @Test("A damaged witness is none, and the next commit writes it anew", arguments: [0, 10, 63])
  func damaged(_ index: Int) throws {
    let bench = try Bench()
    let path = bench.path + "/" + RegistryWitness.fileName
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    #expect(bytes.count == 64)
    bytes[index] ^= 1
    try Data(bytes).write(to: URL(filePath: path))
    #expect(bench.registry.witnessed == nil)
    _ = try bench.registry.addSystem(named: "b")
    #expect(bench.registry.witnessed?.auditSequence == (try bench.registry.lastChange()))
  }
}
