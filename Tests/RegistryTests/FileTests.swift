// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import GRDB
import CountersignCrypto
import SystemPackage
import TestSeed
import Testing
import Wire

@testable import Keyring
@testable import Registry

/// What can be wrong with the files of an authority: each is a clear error, and nothing is left half-written.
@Suite struct FileTests {
  private let temporary = TemporaryDirectory()
  private var directory: AuthorityDirectory { AuthorityDirectory(temporary.path + "/authority") }

  private func create(_ authority: Authority = .random()) throws {
    try directory.create(authority, sealing: .unsealed, certificateEpochs: 8, actor: "test")
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func everythingIsForTheOwnerOnly() throws {
    try create()
    let registry = try directory.openRegistry(actor: "test")
    _ = try registry.addSystem(named: "alpha")
    #expect(mode(directory.path) == 0o700)
    for path in [directory.keyFilePath, directory.registryPath, directory.registryPath + "-wal"] {
      #expect(mode(path) == 0o600)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).contains { $0.hasPrefix(".init") } == false)
    try registry.close()
    // The last to close folds the log into the database.
    #expect(access(directory.registryPath + "-wal", F_OK) != 0)
  }

  @Test func anAuthorityIsNeverOverwritten() throws {
    try create()
    let key = try Data(contentsOf: URL(fileURLWithPath: directory.keyFilePath))
    #expect(throws: RegistryError.authorityExists(path: directory.path)) { try create() }
    // A registry that is in use counts without its key: that may be on its way from a backup.
    let registry = try directory.openRegistry(actor: "test")
    _ = try registry.addSystem(named: "alpha")
    try registry.close()
    unlink(directory.keyFilePath)
    #expect(throws: RegistryError.authorityExists(path: directory.path)) { try create() }
    try key.write(to: URL(fileURLWithPath: directory.keyFilePath))
  }

  @Test func whatACrashLeavesBetweenTheFilesIsClearedByTheNextAttempt() throws {
    try create()
    // The registry has been moved in, the key file has not.
    let workshop = directory.path + "/.init"
    mkdir(workshop, 0o700)
    rename(directory.keyFilePath, workshop + "/authority.key")
    try create()
    let registry = try directory.openRegistry(actor: "test")
    _ = try directory.unlock(registry, passphrase: nil)
    #expect(access(workshop, F_OK) != 0)
  }

  @Test func twoAttemptsAtOnceDoNotMix() throws {
    mkdir(directory.path, 0o700)
    let other = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    flock(other, LOCK_EX)
    #expect(throws: RegistryError.authorityExists(path: directory.path)) { try create() }
    // Not by closing: a process that another test is just starting has a copy of the descriptor for a moment.
    flock(other, LOCK_UN)
    close(other)
    try create()
  }

  @Test func whereThereIsNoAuthority() throws {
    #expect(throws: RegistryError.noAuthority(path: directory.path)) { try directory.openRegistry(actor: "test") }
    #expect(throws: RegistryError.noAuthority(path: directory.path)) { try directory.keyFile() }
  }

  @Test func aKeyFileThatOthersCanReadIsRefused() throws {
    try create()
    chmod(directory.keyFilePath, 0o640)
    let registry = try directory.openRegistry(actor: "test")
    #expect(throws: RegistryError.file(FileError(.read, directory.keyFilePath, .exposed(0o640)))) {
      try directory.unlock(registry, passphrase: nil)
    }
  }

  @Test func aKeyFileOfAnotherAuthorityIsRefused() throws {
    try create()
    unlink(directory.keyFilePath)
    try SecretFile.create(directory.keyFilePath, KeyFile.encodeUnsealed(.random()).bytes)
    let registry = try directory.openRegistry(actor: "test")
    #expect(throws: RegistryError.keyMismatch) { try directory.unlock(registry, passphrase: nil) }
  }

  @Test func aDatabaseOfALaterVersionIsLeftAlone() throws {
    try create()
    let queue = try DatabaseQueue(path: directory.registryPath)
    try queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99-of-tomorrow')") }
    try queue.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: directory.registryPath))
    #expect(throws: RegistryError.newerDatabase(path: directory.registryPath)) {
      try directory.openRegistry(actor: "test")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: directory.registryPath)) == before)
  }

  @Test func whatIsNoRegistryIsRefused() throws {
    try create()
    let other = temporary.path + "/other.sqlite"
    let queue = try DatabaseQueue(path: other)
    try queue.write { try $0.execute(sql: "CREATE TABLE t (a)") }
    try queue.close()
    let noise = temporary.path + "/noise.sqlite"
    var generator = SeededGenerator(for: "noise for a registry")
    try Data(generator.bytes(8192)).write(to: URL(fileURLWithPath: noise))
    for path in [other, noise] {
      #expect {
        try SQLiteRegistry(path: path, actor: "test")
      } throws: { error in
        if case .corrupted = error as? RegistryError { true } else { false }
      }
    }
  }

  @Test func damagedPagesAreFound() throws {
    let authority = Authority.random()
    try create(authority)
    var registry = try directory.openRegistry(actor: "test")
    let system = try registry.addSystem(named: "alpha").id
    let devices = (0..<400).map {
      NewDevice(
        address: DeviceAddress(system: system, device: DeviceID($0)),
        publicKey: X25519.PrivateKey.random().publicKey)
    }
    _ = try registry.addDevices(devices, issuer: authority.issuer)
    #expect(try registry.integrityProblems().isEmpty)
    try registry.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.registryPath))
    try file.seek(toOffset: 4096 * 12)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4096 * 4))
    try file.close()
    registry = try directory.openRegistry(actor: "test")
    do throws(RegistryError) {
      #expect(try !registry.integrityProblems().isEmpty)
    } catch {
      guard case .corrupted = error else { throw error }
    }
  }

  @Test func oneServerToADirectory() throws {
    try create()
    var lock: ServerLock? = try ServerLock(directory: directory.path)
    #expect(throws: RegistryError.directoryInUse(path: directory.path, holder: "process \(getpid())")) {
      try ServerLock(directory: directory.path)
    }
    #expect(ServerLock.holder(of: directory.path) == "process \(getpid())")
    // Commands work beside the server.
    _ = try directory.openRegistry(actor: "test").addSystem(named: "alpha")
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(ServerLock.holder(of: directory.path) == nil)
    _ = try ServerLock(directory: directory.path)
  }

  @Test func anotherConnectionsWritesAreNoticed() throws {
    try create()
    let server = try directory.openRegistry(actor: "server")
    let command = try directory.openRegistry(actor: "command")
    let before = try server.changeCounter()
    #expect(try server.changeCounter() == before)
    let system = try command.addSystem(named: "alpha")
    #expect(try server.changeCounter() != before)
    #expect(try server.systems() == [system])
  }

  @Test func aLockedDatabaseIsWaitedForAndThenReported() throws {
    try create()
    let registry = try directory.openRegistry(actor: "test")
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: directory.registryPath, configuration: configuration)
    try other.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let start = ContinuousClock.now
    #expect(throws: RegistryError.busy(directory.registryPath)) { try registry.addSystem(named: "alpha") }
    #expect(start.duration(to: .now) > .seconds(4))
    // Readers never wait.
    #expect(try registry.systems().isEmpty)
    try other.inDatabase { try $0.execute(sql: "ROLLBACK") }
    _ = try registry.addSystem(named: "alpha")
  }

  @Test func aBackupIsWholeAndOpens() throws {
    let test = try TestAuthority()
    let (address, _) = try test.device(1)
    let copy = temporary.path + "/copy.sqlite"
    try test.registry.backUp(to: copy)
    #expect(mode(copy) == 0o600)
    let restored = try SQLiteRegistry(path: copy, actor: "test")
    #expect(try restored.device(address) == test.registry.device(address))
    #expect(try restored.integrityProblems().isEmpty)
    _ = try restored.addSystem(named: "gamma")
    #expect(throws: RegistryError.file(FileError(.create, copy, .system(.fileExists)))) {
      try test.registry.backUp(to: copy)
    }
  }

  /// Four connections write at once: every device is there once, every audit row too.
  @Test func manyWritersLoseNothing() async throws {
    let test = try TestAuthority()
    let directory = test.directory
    try await withThrowingTaskGroup { group in
      for writer in 0..<4 as Range<UInt64> {
        let system = test.alpha
        let authority = test.authority
        group.addTask {
          let registry = try directory.openRegistry(actor: "writer \(writer)")
          for index in 0..<20 as Range<UInt64> {
            let address = DeviceAddress(system: system, device: DeviceID(writer * 1000 + index))
            let device = NewDevice(address: address, publicKey: X25519.PrivateKey.random().publicKey)
            // Nobody queues for a database: on a busy disk one writer may find it taken for longer than it waits.
            while true {
              do throws(RegistryError) {
                _ = try registry.addDevice(device, issuer: authority.issuer)
                break
              } catch { guard case .busy = error else { throw error } }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try test.registry.deviceCount(in: test.alpha) == 80)
    #expect(try test.actions().filter { $0 == "device.add" }.count == 80)
  }
}
