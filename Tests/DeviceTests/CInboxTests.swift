// SPDX-License-Identifier: Apache-2.0

import CCountersign
import FleetSupport
import TestSeed
import Testing
import Wire

@Suite("An inbox in C")
struct CInboxTests {
  /// An inbox in memory, which is also how it is stored.
  private struct CInbox {
    var bytes: [UInt8]

    init(senders: Int) {
      bytes = [UInt8](repeating: 0xEE, count: 24 + 40 * senders)
      _ = countersign_inbox_create(&bytes, bytes.count)
    }

    var isWhole: Bool { countersign_inbox_check(bytes, bytes.count) == COUNTERSIGN_OK }

    func judge(_ message: countersign_message) -> Int { Int(countersign_inbox_judge(bytes, bytes.count, [message])) }

    mutating func remember(_ message: countersign_message) -> Int {
      Int(countersign_inbox_remember(&bytes, bytes.count, [message]))
    }
  }

  private func message(_ counter: UInt64, _ generation: UInt16 = 1, from device: UInt64 = 0xB) -> countersign_message {
    countersign_message(
      from: countersign_address(device: device, system: 1), number: UInt64(generation) << 48 | counter, text: nil,
      text_size: 0, generation: generation, kind: UInt8(COUNTERSIGN_KIND_MESSAGE), reason: 0)
  }

  @Test("gives each message once, and says what it cannot tell", arguments: [1, 3, 40, 100_000])
  func window(spread: UInt64) {
    var inbox = CInbox(senders: 2)
    var generator = SeededGenerator(for: "C inbox \(spread)")
    var seen: [UInt64: Set<UInt64>] = [:]
    var counts: [Int: Int] = [:]
    for _ in 0..<3_000 {
      let sender = UInt64.random(in: 1...2, using: &generator)
      let highest = seen[sender]?.max() ?? 0
      let counter = UInt64.random(in: (highest > 200 ? highest - 200 : 0)...highest + spread, using: &generator)
      let expected =
        seen[sender]?.contains(counter) == true && highest - counter < 128
        ? COUNTERSIGN_REPEATED
        : seen[sender] != nil && counter + 128 <= highest ? COUNTERSIGN_TOO_OLD : COUNTERSIGN_OK
      let message = message(counter, from: sender)
      #expect(inbox.judge(message) == expected)
      #expect(inbox.remember(message) == expected && inbox.isWhole)
      if expected == COUNTERSIGN_OK { seen[sender, default: []].insert(counter) }
      counts[expected, default: 0] += 1
    }
    #expect(counts[COUNTERSIGN_OK, default: 0] > 50 && (spread > 40 || counts[COUNTERSIGN_REPEATED, default: 0] > 50))
  }

  @Test("counts each of a sender's last two generations alone, and takes nothing of one that it forgot")
  func generations() {
    var inbox = CInbox(senders: 2)
    #expect(inbox.remember(message(5, 1)) == COUNTERSIGN_OK && inbox.remember(message(5, 2)) == COUNTERSIGN_OK)
    #expect(inbox.judge(message(5, 1)) == COUNTERSIGN_REPEATED && inbox.judge(message(6, 1)) == COUNTERSIGN_OK)
    #expect(inbox.judge(message(1, from: 0xC)) == COUNTERSIGN_INBOX_FULL)
    #expect(inbox.remember(message(1, 4)) == COUNTERSIGN_OK)
    #expect(inbox.judge(message(6, 1)) == COUNTERSIGN_TOO_OLD && inbox.judge(message(5, 2)) == COUNTERSIGN_REPEATED)
    #expect(inbox.remember(message(1, 3)) == COUNTERSIGN_OK && inbox.judge(message(1, 4)) == COUNTERSIGN_REPEATED)
    #expect(inbox.judge(message(9, 2)) == COUNTERSIGN_TOO_OLD)
    // A sender that is forgotten makes room for another.
    var sender = countersign_address(device: 0xB, system: 1)
    #expect(countersign_inbox_forget(&inbox.bytes, inbox.bytes.count, &sender) == COUNTERSIGN_OK)
    #expect(inbox.remember(message(1, from: 0xC)) == COUNTERSIGN_OK && inbox.isWhole)
  }

  @Test("with one place keeps the latest generation")
  func onePlace() {
    var inbox = CInbox(senders: 1)
    #expect(inbox.remember(message(5, 2)) == COUNTERSIGN_OK && inbox.judge(message(9, 1)) == COUNTERSIGN_TOO_OLD)
    #expect(inbox.remember(message(1, 3)) == COUNTERSIGN_OK && inbox.judge(message(6, 2)) == COUNTERSIGN_TOO_OLD)
  }

  @Test("does not take a number of a generation that the sender does not have")
  func impossible() {
    let inbox = CInbox(senders: 1)
    var future = message(1, 2)
    future.generation = 1
    #expect(inbox.judge(future) == COUNTERSIGN_IMPOSSIBLE_NUMBER)
    #expect(inbox.judge(message(1, 0)) == COUNTERSIGN_IMPOSSIBLE_NUMBER)
  }

  @Test("tells any change in storage")
  func corruption() {
    var inbox = CInbox(senders: 2)
    _ = inbox.remember(message(5))
    for bit in 0..<inbox.bytes.count * 8 where !(40..<64).contains(bit) {
      let torn = flipping(bit, of: inbox.bytes)
      #expect(countersign_inbox_check(torn, torn.count) == COUNTERSIGN_CORRUPT)
    }
    var empty = [UInt8](repeating: 0, count: 104)
    #expect(countersign_inbox_check(empty, 104) == COUNTERSIGN_CORRUPT)
    #expect(countersign_inbox_judge(empty, 104, [message(1)]) == COUNTERSIGN_CORRUPT)
    #expect(countersign_inbox_remember(&empty, 104, [message(1)]) == COUNTERSIGN_CORRUPT)
    #expect(countersign_inbox_check(empty, 0) == COUNTERSIGN_CORRUPT)
    #expect(countersign_inbox_create(&empty, 63) == COUNTERSIGN_BUFFER_TOO_SMALL)
  }
}
