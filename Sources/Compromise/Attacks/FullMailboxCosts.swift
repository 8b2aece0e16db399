// SPDX-License-Identifier: Apache-2.0

import Records
import Relay
import Schemes
import Credentials
import Device

/// A device goes on writing to a mailbox in which it has no room left. What does it cost the disk, for which every device waits?
enum FullMailboxCosts: Attack {
  static let name = "full-mailbox-costs"
  static let title = "one device: keep the disk busy that all mail waits for, by deposits to a mailbox it has filled"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noMemoryOfFull,
      words: "a server that asks its database each time whether there is room")
  ]

  private static let count = 200

  static func run(in world: World) throws -> Finding {
    let flood = try Flood(from: try Correspondent(0, in: world), to: try Correspondent(1, in: world))
    _ = try flood.fill()
    let relay = try world.books().gate.relay
    let before = relay.mailboxCommits
    let receipts = try flood.deposit(count)
    let commits = relay.mailboxCommits - before
    guard receipts == [Receipt](repeating: .refused(.quotaExceeded), count: count) else {
      throw LaboratoryError.noAnswer("\(receipts.count) answers")
    }
    return Finding(
      commits > 0, if: "Deposits that come to nothing cost transactions, and others' mail waits for each.",
      else: "Who has filled whose mailbox is remembered: nothing new is taken to the disk.",
      "\(count) deposits, all refused: \(commits) transactions")
  }
}
