// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Files
import Foundation
import TestSeed
import Testing
import ThresholdSigning
import Wire

@testable import Cosigner

@Suite("A co-signer's log")
struct LogTests {
  private func key() -> X25519.PublicKey { X25519.PrivateKey.random().publicKey }

  @Test("cut at any byte, the log is the whole records before; what was acknowledged is not cut by a crash")
  func tornTail() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    for device in 1...3 as ClosedRange<UInt64> { #expect(try desk.ask(desk.certificate(device, 1, key())) == nil) }
    let bytes = (desk.disk as! SimulatedDisk).durable
    var boundaries: [Int] = []
    var offset = 0
    while offset < bytes.count {
      offset += LogRecord(startOf: bytes.bytes.extracting(offset...))!.encoded.count
      boundaries.append(offset)
    }
    #expect(boundaries.count == 5)
    for length in boundaries[0]...bytes.count {
      let disk = SimulatedDisk(Array(bytes.prefix(length)))
      try desk.restart(on: disk)
      #expect(disk.durable.count == boundaries.last { $0 <= length })
      #expect(desk.service.head.count == UInt64(boundaries.count { $0 <= length }))
    }
    for length in 0..<boundaries[0] {
      #expect(throws: (any Error).self) { try desk.restart(on: SimulatedDisk(Array(bytes.prefix(length)))) }
    }
  }

  @Test("a bit turned in what was acknowledged is damage, never a shorter log, but in what was written last")
  func damage() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    for device in 1...3 as ClosedRange<UInt64> { #expect(try desk.ask(desk.certificate(device, 1, key())) == nil) }
    let disk = desk.disk as! SimulatedDisk
    let lastStart = disk.durable.count - 50 - 82 - 14
    var random = SeededGenerator(for: #function)
    var damaged = 0
    for _ in 0..<200 {
      var bytes = disk.durable
      let index = Int.random(in: bytes.indices, using: &random)
      bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      do throws(CosignerError) {
        let storage = SimulatedDisk(bytes)
        let service = try SigningService(
          log: storage, share: desk.shares[1], staticKey: desk.staticKey, limits: Desk.limits)
        #expect(index >= lastStart)
        // Even that is noticed, because the server has seen the head.
        #expect(service.head.count == 4)
        desk.service = service
        try? desk.reconnect()
        #expect((try? desk.ask(desk.certificate(1, 1, key()))) == .behind)
      } catch {
        guard case .damagedLog = error else {
          Issue.record("\(error)")
          continue
        }
        damaged += 1
      }
    }
    #expect(damaged > 100)
  }

  @Test("a log from a backup is behind: it signs nothing until it has the records that it lacks")
  func restored() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    #expect(try desk.ask(desk.certificate(1, 1, key())) == nil)
    let backup = (desk.disk as! SimulatedDisk).durable
    let (count, head) = (desk.service.head.count, desk.service.head)
    #expect(try desk.ask(desk.certificate(2, 1, key())) == nil)
    #expect(try desk.ask(desk.revocation(1, 1)) == nil)
    let newest = desk.service.head
    let missing = try desk.service.records(after: count)

    try desk.restart(on: SimulatedDisk(backup))
    #expect(desk.service.head == head)
    for statement in [desk.certificate(2, 1, key()), desk.certificate(3, 1, key()), desk.revocation(1, 1)] {
      #expect(try desk.ask(statement) == .behind)
    }
    // Once it has been shown, also a server that forgets gets nothing.
    desk.remembered = .none
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .behind)

    #expect(throws: CosignerError.foreignRecords) { try desk.service.recover(missing, to: head) }
    #expect(throws: CosignerError.foreignRecords) { try desk.service.recover([], to: newest) }
    #expect(throws: CosignerError.foreignRecords) { try desk.service.recover([], to: head) }
    #expect(throws: CosignerError.foreignRecords) {
      try desk.service.recover(Array(missing.dropLast()), to: newest)
    }
    var changed = missing
    changed[60] ^= 1
    #expect(throws: CosignerError.foreignRecords) { try desk.service.recover(changed, to: newest) }
    try desk.service.recover(missing, to: newest)
    desk.remembered = newest
    #expect(desk.service.head == newest)
    #expect(try desk.ask(desk.certificate(2, 1, key())) == .conflictingKey)
    #expect(try desk.ask(desk.certificate(1, 1, key())) == .revoked)
    #expect(try desk.ask(desk.certificate(3, 1, key())) == nil)
    try desk.restart(on: SimulatedDisk((desk.disk as! SimulatedDisk).durable))
    #expect(try desk.ask(desk.certificate(2, 1, key())) == .conflictingKey)
    desk.checkPromises()
  }

  @Test("two co-signers from one copy: the server that has seen one gets nothing from the other")
  func forked() throws {
    let desk = try Desk()
    try desk.open(.batch, 1, 1...9)
    let copy = (desk.disk as! SimulatedDisk).durable
    #expect(try desk.ask(desk.certificate(1, 1, key())) == nil)
    let first = desk.disk
    let second = SimulatedDisk(copy)
    try desk.restart(on: second)
    let seen = desk.remembered
    desk.remembered = .none
    #expect(try desk.ask(desk.certificate(2, 1, key())) == nil)
    desk.remembered = seen
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .forked)
    let head = desk.service.head
    try desk.restart(on: SimulatedDisk((first as! SimulatedDisk).durable))
    desk.remembered = head
    #expect(try desk.ask(desk.certificate(3, 1, key())) == .forked)
  }

  @Test("a log of another key is refused")
  func foreign() throws {
    let (desk, other) = (try Desk(), try Desk())
    #expect(throws: CosignerError.foreignLog) { try desk.restart(on: other.disk) }
    #expect(throws: (any Error).self) { try desk.restart(on: SimulatedDisk([])) }
  }

  @Test("a log file: for its owner alone, one process at a time, and it is still there afterwards")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID().uuidString)").path
    try Directories.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/cosigner.log"
    let shares = try Desk.shareKey()
    let log = SigningService.newLog(for: shares[0].group, epoch: Desk.firstEpoch, now: Desk.start)
    #expect(throws: FileError.self) { try LogFile(opening: path) }
    try LogFile.create(path, log)
    #expect(throws: FileError.self) { try LogFile.create(path, log) }
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    do {
      let desk = try Desk(shares, on: LogFile(opening: path))
      #expect(throws: FileError(.lock, path, .inUse)) { try LogFile(opening: path) }
      try desk.open(.batch, 1, 1...9)
      #expect(try desk.ask(desk.certificate(1, 1, key())) == nil)
      desk.checkPromises()
    }
    // A torn record at its end.
    let whole = try #require(FileManager.default.contents(atPath: path))
    try (whole + Data([0, 90, 1, 2, 3])).write(to: URL(fileURLWithPath: path))
    let desk = try Desk(shares, on: LogFile(opening: path))
    #expect(FileManager.default.contents(atPath: path) == whole)
    #expect(desk.service.head.count == 3)
    #expect(try desk.ask(desk.certificate(1, 1, key())) == .conflictingKey)
    #expect(try desk.ask(desk.certificate(2, 1, key())) == nil)
  }
}
