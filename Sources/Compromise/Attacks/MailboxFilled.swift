// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Device

/// A device fills another's mailbox with what nobody wants. Is there room for a third one's message?
enum MailboxFilled: Attack {
  static let name = "mailbox-filled"
  static let title = "one device: fill another's mailbox, so that nobody else's messages are stored"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noShares, words: "a mailbox that belongs to whoever fills it first")
  ]

  static func run(in world: World) throws -> Finding {
    let recipient = try Correspondent(1, in: world)
    let honest = try Correspondent(2, in: world)
    var senders = [try Correspondent(0, in: world)]
    // Who has the key that all share writes in every name.
    if world.scheme.row.derivation == .system { senders += [recipient, honest] }
    var stored = 0
    for sender in senders { stored += try Flood(from: sender, to: recipient).fill() }
    let receipt = try honest.post(World.secret(2), try honest.number(0), to: recipient)
    return Finding(
      receipt != .stored,
      if: senders.count > 1
        ? "The key that all share writes in every device's name, and takes every share."
        : "One device has the whole mailbox, for as long as the recipient sleeps.",
      else: "Of one sender there wait as many messages as are free: it gets half, and others find room.",
      "of the attacker: \(stored) stored and then no more; of another: \(receipt.words)")
  }
}
