// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import FleetSupport
import Foundation
import TestSeed
import Testing
import Wire

@Suite("The inbox")
struct InboxTests {
  let scratch = try! Scratch()
  let alice = DeviceAddress(system: SystemID(1), device: DeviceID(0xA))
  let bob = DeviceAddress(system: SystemID(1), device: DeviceID(0xB))

  private var path: String { scratch.file("inbox") }
  private var size: Int { (try? Data(contentsOf: URL(fileURLWithPath: path)).count) ?? -1 }

  private func id(_ counter: UInt64, generation: UInt64 = 1) -> MessageID { MessageID(generation << 48 | counter) }

  @Test("tells a message that was had from one that was not, by sender, generation and number, over a restart")
  func duplicates() throws {
    var inbox = try Inbox(path: path)
    #expect(try mode(path) == 0o600)
    for restart in 0..<2 {
      #expect(inbox.isNew(id(5), from: alice) == (restart == 0))
      try inbox.remember(id(5), from: alice)
      #expect(inbox.status(of: id(5), from: alice) == .delivered)
      #expect(inbox.isNew(id(4), from: alice) && inbox.isNew(id(6), from: alice))
      #expect(inbox.isNew(id(5), from: bob) && inbox.isNew(id(5, generation: 2), from: alice))
      // Remembering again writes nothing.
      #expect(size == 24)
      inbox = try reopened(&inbox)
    }
  }

  /// One process at a time: the old one has to be gone.
  private func reopened(_ inbox: inout Inbox) throws -> Inbox {
    inbox = try Inbox(path: scratch.file("other"))
    let again = try Inbox(path: path)
    return again
  }

  @Test("is one process's at a time")
  func exclusive() throws {
    let inbox = try Inbox(path: path)
    #expect(throws: DeviceHostError.self) { try Inbox(path: path) }
    withExtendedLifetime(inbox) {}
  }

  @Test("takes messages out of order, up to its window")
  func window() throws {
    let inbox = try Inbox(path: path)
    let highest: UInt64 = 1_000_000
    try inbox.remember(id(highest), from: alice)
    let edge = highest + 1 - UInt64(Inbox.windowSize)
    #expect(Inbox.windowSize >= 2048)
    #expect(inbox.status(of: id(edge), from: alice) == .new)
    #expect(inbox.status(of: id(edge - 1), from: alice) == .tooOld)
    try inbox.remember(id(edge), from: alice)
    #expect(inbox.status(of: id(edge), from: alice) == .delivered)
    // What is too old is not remembered either.
    try inbox.remember(id(3), from: alice)
    #expect(size == 48)
  }

  @Test("whose last entry was torn at any length keeps the others, and the next entry stands")
  func torn() throws {
    for length in 0...24 {
      try? FileManager.default.removeItem(atPath: path)
      do {
        let inbox = try Inbox(path: path)
        for counter: UInt64 in 0..<3 { try inbox.remember(id(counter), from: alice) }
      }
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      try whole.prefix(48 + length).write(to: URL(fileURLWithPath: path))
      do {
        let inbox = try Inbox(path: path)
        #expect(!inbox.isNew(id(0), from: alice) && !inbox.isNew(id(1), from: alice))
        #expect(inbox.isNew(id(2), from: alice) == (length < 24))
        try inbox.remember(id(9), from: bob)
      }
      let inbox = try Inbox(path: path)
      #expect(!inbox.isNew(id(9), from: bob) && !inbox.isNew(id(1), from: alice))
    }
  }

  @Test("with a damaged entry in the middle loses that one and no other")
  func damaged() throws {
    do {
      let inbox = try Inbox(path: path)
      for counter: UInt64 in 0..<5 { try inbox.remember(id(counter), from: alice) }
    }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[2 * 24 + 19] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let inbox = try Inbox(path: path)
    for counter: UInt64 in 0..<5 { #expect(inbox.isNew(id(counter), from: alice) == (counter == 2)) }
  }

  @Test("survives a journal of noise")
  func noise() throws {
    var generator = SeededGenerator(for: "inbox journals")
    for _ in 0..<200 {
      let bytes = generator.bytes(Int.random(in: 0..<500, using: &generator))
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        let inbox = try Inbox(path: path)
        try inbox.remember(id(1), from: alice)
      }
      #expect(!(try Inbox(path: path)).isNew(id(1), from: alice))
    }
  }

  @Test("rewrites a journal that has grown, without forgetting what its windows hold", .timeLimit(.minutes(5)))
  func compaction() throws {
    // Written by hand: twenty thousand synced writes would take their time.
    let total = 20_000
    do {
      let inbox = try Inbox(path: path)
      try inbox.remember(id(0), from: alice)
    }
    try writeJournal(count: total)
    #expect(size == total * 24)
    var inbox = try Inbox(path: path)
    #expect(size == Inbox.windowSize * 24)
    for counter in [UInt64(total) - 1, UInt64(total - Inbox.windowSize)] {
      #expect(inbox.status(of: id(counter), from: alice) == .delivered)
    }
    #expect(inbox.status(of: id(UInt64(total - Inbox.windowSize - 1)), from: alice) == .tooOld)
    try inbox.remember(id(UInt64(total)), from: alice)
    inbox = try reopened(&inbox)
    #expect(inbox.status(of: id(UInt64(total)), from: alice) == .delivered)
    #expect(inbox.status(of: id(UInt64(total) - 5), from: alice) == .delivered)
    #expect(scratch.names.filter { $0.hasPrefix("inbox") } == ["inbox", "inbox.lock"])
  }

  /// A journal in which alice's numbers from 0 follow one another.
  private func writeJournal(count: Int) throws {
    var bytes = Data()
    for counter in 0..<UInt64(count) { bytes += JournalEntry.bytes(alice, id(counter)) }
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
