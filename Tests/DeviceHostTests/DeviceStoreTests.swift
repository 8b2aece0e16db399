// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Files
import FleetSupport
import Foundation
import CountersignCrypto
import Records
import SystemPackage
import TestSeed
import Testing
import Wire

@Suite("A device file in use")
struct DeviceStoreTests {
  let authority = try! Authority()
  let scratch = try! Scratch()

  @Test("is of its owner alone, whatever the umask, and refused when others can read it")
  func permissions() throws {
    let store = try scratch.device(1, authority)
    #expect(try mode(store.path) == 0o600)
    _ = try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
    #expect(try mode(store.path) == 0o600)
    for bits in [0o640, 0o604, 0o660, 0o601, 0o620] {
      try FileManager.default.setAttributes([.posixPermissions: bits], ofItemAtPath: store.path)
      #expect(throws: DeviceHostError.file(FileError(.read, store.path, .exposed(UInt16(bits))))) {
        try DeviceStore(opening: store.path)
      }
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: store.path)
    _ = try DeviceStore(opening: store.path)
  }

  @Test("waits for whoever holds its lock, and not for ever")
  func lockHeldByAnother() throws {
    let store = try scratch.device(1, authority)
    let lock = try FileLock(store.path + ".lock")
    store.patience = .milliseconds(20)
    let inUse = DeviceHostError.file(FileError(.lock, store.path + ".lock", .inUse))
    #expect(throws: inUse) { try store.update { identity throws(DeviceError) in try identity.nextMessageID() } }
    #expect(throws: inUse) { try DeviceStore(opening: store.path, patience: .zero) }
    withExtendedLifetime(lock) {}
  }

  @Test("is never overwritten by a new one, and leaves no other file behind")
  func creation() throws {
    let store = try scratch.device(1, authority)
    let content = try Data(contentsOf: URL(fileURLWithPath: store.path))
    #expect(throws: DeviceHostError.file(FileError(.create, store.path, .system(.fileExists)))) {
      try scratch.device(1, authority)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == content)
    #expect(scratch.names == ["1-1.device", "1-1.device.lock"])
    #expect(throws: DeviceHostError.self) {
      try DeviceStore.create("\(scratch.path)/none/x.device") { _ throws(DeviceError) in }
    }
  }

  @Test("is the same file through a symbolic link, which stays one")
  func symbolicLink() throws {
    let store = try scratch.device(1, authority)
    let link = scratch.file("link.device")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: store.path)
    let linked = try DeviceStore(opening: link)
    #expect(linked.path == store.path)
    let first = try linked.update { identity throws(DeviceError) in try identity.nextMessageID() }
    let second = try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
    #expect(first != second)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == store.path)
  }

  @Test("that is missing, empty, torn or of a later version is an error that says so")
  func unreadable() throws {
    let path = scratch.file("x.device")
    #expect(throws: DeviceHostError.file(FileError(.open, path, .system(.noSuchFileOrDirectory)))) {
      try DeviceStore(opening: path)
    }
    let whole = try Data(contentsOf: URL(fileURLWithPath: scratch.device(1, authority).path))
    let later = Data("CSDF".utf8) + [3] + Data(count: 3000)
    let huge = Data(count: 2 << 20)
    for (content, expected): (Data, DeviceError) in [
      (Data(), .corruptFile), (whole.dropLast(), .corruptFile), (whole + [0], .corruptFile),
      (later, .unknownFileVersion(3)), (huge, .corruptFile),
    ] {
      try content.write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      #expect(throws: DeviceHostError.device(expected)) { try DeviceStore(opening: path) }
    }
  }

  @Test("keeps what was changed, and forgets what failed, in the file and in memory")
  func update() throws {
    let store = try scratch.device(1, authority)
    try store.update { identity throws(DeviceError) in try identity.beginRotation() }
    let key = try store.read { $0.renewalKey }
    #expect(key != nil)
    #expect(try DeviceStore(opening: store.path).read { $0.renewalKey } == key)

    let content = try Data(contentsOf: URL(fileURLWithPath: store.path))
    let certificate = try authority.certificate(for: key!, device: 1, generation: 2)
    #expect(throws: DeviceHostError.device(.notTaken(.tooOld))) {
      try store.update { identity throws(DeviceError) in
        try identity.install(certificate)
        throw .notTaken(.tooOld)
      }
    }
    #expect(try store.read { $0.slotForSession() == $0.slotForSession(fallingBack: true) })
    #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == content)
  }

  @Test("that cannot be written keeps its content; memory goes back to it")
  func noRoom() throws {
    let store = try scratch.device(1, authority)
    let content = try Data(contentsOf: URL(fileURLWithPath: store.path))
    // A directory where the new content would go: it can be neither removed nor created.
    try FileManager.default.createDirectory(
      atPath: store.path + ".new/occupied", withIntermediateDirectories: true)
    #expect(throws: DeviceHostError.self) {
      try store.update { identity throws(DeviceError) in try identity.beginRotation() }
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == content)
    let key = try store.read { $0.renewalKey }
    #expect(key == nil)
    try FileManager.default.removeItem(atPath: store.path + ".new")
    try store.update { identity throws(DeviceError) in try identity.beginRotation() }
    #expect(try store.read { $0.renewalKey } != nil)
  }

  @Test("seen through two handles: each change starts from the other's")
  func twoHandles() throws {
    let first = try scratch.device(1, authority)
    let second = try DeviceStore(opening: first.path)
    var seen: Set<UInt64> = []
    // Fast enough that times and inodes repeat.
    for index in 0..<500 {
      let store = index % 3 == 0 ? first : second
      let id = try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
      #expect(seen.insert(id.rawValue).inserted)
    }
    try first.update { identity throws(DeviceError) in try identity.beginRotation() }
    #expect(try second.read { $0.renewalKey } == nil)
    try second.refresh()
    #expect(try second.read { $0.renewalKey } == first.read { $0.renewalKey })
  }

  @Test("written by three processes at once: no number twice, no change lost")
  func processes() throws {
    let store = try scratch.device(1, authority)
    let workers = try (0..<3).map { _ in try Worker("numbers", count: 200, file: store.path) }
    var seen: Set<UInt64> = []
    for worker in workers {
      let (numbers, status) = try worker.numbers()
      #expect(status == 0 && numbers.count == 200)
      for number in numbers { #expect(seen.insert(number).inserted) }
    }
    #expect(seen.count == 600)
    try store.refresh()
    #expect(try store.read { $0.reservedCounter } > seen.max()! & 0xFFFF_FFFF_FFFF)
  }

  @Test("whose writer is killed at 40 random moments always loads, repeats no number, and keeps no keys lying about")
  func killed() throws {
    var generator = SeededGenerator(for: "kill -9 while writing a device file")
    let store = try scratch.device(1, authority)
    var seen: Set<UInt64> = []
    var leftovers = 0
    for _ in 0..<40 {
      let worker = try Worker("churn", count: .max, file: store.path)
      worker.waitForWork()
      usleep(UInt32.random(in: 0..<30_000, using: &generator))
      worker.kill()
      let (numbers, status) = try worker.numbers()
      #expect(status == -SIGKILL)
      for number in numbers { #expect(seen.insert(number).inserted) }
      if scratch.names.contains("1-1.device.new") { leftovers += 1 }
      _ = try DeviceStore(opening: store.path)
      #expect(scratch.names == ["1-1.device", "1-1.device.lock"])
    }
    print("killed 40 times, \(seen.count) numbers drawn, \(leftovers) temporary files found and removed")
    #expect(seen.count >= 40)
  }
}
