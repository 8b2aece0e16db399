// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Device
import FleetSupport
import TestSeed
import Testing
import Wire

@Suite("Message numbers")
struct MessageIDTests {
  let authority = try! Authority()

  @Test("are never drawn twice, wherever power fails, and every number that leaves was stored as used before")
  func neverTwice() throws {
    var generator = SeededGenerator(for: "message numbers")
    let device = try authority.device(0xA)
    var seen: Set<UInt64> = []
    var highest: UInt64 = 0
    for _ in 0..<20_000 {
      let id = try device.identity.nextMessageID()
      switch Int.random(in: 0..<100, using: &generator) {
      case 0:  // Power fails before the number is stored: the message has not left.
        try device.reboot()
      case 1:  // After it was stored, before the message leaves.
        device.saveIfDirty()
        try device.reboot()
      case 2:  // After the message has left.
        device.saveIfDirty()
        #expect(seen.insert(id.rawValue).inserted)
        try device.reboot()
      default:
        device.saveIfDirty()
        #expect(seen.insert(id.rawValue).inserted)
        #expect(id.counter >= highest || highest == 0)
      }
      highest = max(highest, id.counter)
    }
    // Power failed 600 times or so; each may have cost the numbers that were reserved and not used, no more.
    #expect(highest < 60_000)
  }

  @Test("cost few writes in a row, and leave no gap when one is drawn at a time")
  func reserves() throws {
    let device = try authority.device(0xA)
    var writes = 0
    for _ in 0..<10_000 {
      _ = try device.identity.nextMessageID()
      if device.saveIfDirty() { writes += 1 }
    }
    #expect(writes < 200)

    let single = try authority.device(0xB)
    for expected: UInt64 in 0..<1000 {
      #expect(try single.identity.nextMessageID().counter == expected)
      single.saveIfDirty()
      try single.reboot()
    }
  }

  @Test("carry the generation, and go on counting when the key changes")
  func generation() throws {
    let device = try authority.device(0xA)
    let first = try device.identity.nextMessageID()
    try device.identity.beginRotation()
    try device.identity.install(authority.certificate(for: device.identity.renewalKey!, device: 0xA, generation: 2))
    device.identity.confirmUse(of: .b)
    let second = try device.identity.nextMessageID()
    #expect(first.generation == 1 && second.generation == 2 && second.counter > first.counter)
  }

  @Test("end at 48 bits with an error")
  func exhaustion() throws {
    let device = try authority.device(0xA)
    var bytes = device.stored
    // The reserved counter, eight bytes from offset 52; the checksum follows the change.
    for (last, expected): (UInt8, [UInt64]) in [(0xFE, [(1 << 48) - 2, (1 << 48) - 1]), (0xFF, [(1 << 48) - 1])] {
      bytes.replaceSubrange(52..<60, with: [0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, last])
      let closed = DeviceFileTests.closed(bytes)
      try device.identity.load(closed.bytes)
      for counter in expected { #expect(try device.identity.nextMessageID().counter == counter) }
      #expect(throws: DeviceError.countersExhausted) { try device.identity.nextMessageID() }
      device.save()
      try device.reboot()
      #expect(throws: DeviceError.countersExhausted) { try device.identity.nextMessageID() }
    }
  }
}
