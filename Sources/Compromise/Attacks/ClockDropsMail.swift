// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records
import Relay
import Schemes
import Credentials
import Device
import Wire

/// A message waits for a sleeping device; the server's clock jumps to 2100; the device wakes.
enum ClockDropsMail: Attack {
  static let name = "clock-2100-drops-mail"
  static let title = "the server's clock is set to 2100: lose the messages that wait for sleeping devices"
  static let group = AttackGroup.weakness
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .agesByClock, words: "a server by whose clock messages grow old")
  ]

  static func run(in world: World) throws -> Finding {
    guard let live = world.live else { return .notApplicable("This server keeps no messages.") }
    let sender = try world.open(0, listens: false)
    let letter = [UInt8].random(64)
    let address = world.memory(1).address
    let id = MessageID(1 << 48)
    let record =
      world.scheme.row.hasKeyPair
      ? encoded(.deposit(to: address, generation: 1, id: id, letter.bytes))
      : encoded(.open(to: address, id: id, letter.bytes))
    _ = sender.line.send(try sender.client.seal(record))
    live.setClock(4_102_444_800)
    live.gate.relay.purge()
    let recipient = try world.open(1, listens: true)
    let records = try recipient.frames.map { try recipient.client.open($0) }
    let isThere = records.contains { $0.contains(sequence: letter) }
    return Finding(
      !isThere, if: "Waiting messages expire by the clock: all of them at once.",
      else: "Messages grow old while the server runs: a jump of its clock is no time that has passed.",
      "records on waking: \(records.map { $0.digest })")
  }
}
