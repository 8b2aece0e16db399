// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Device
import DeviceHost

/// A thief with a copy of a device numbers messages as the device will number them under its next key, up to the last: what the device
/// then says looks as if it had been said long ago.
enum NumbersToCome: Attack {
  static let name = "numbers-to-come"
  static let title =
    "one device's memory, copied: use up the message numbers of its next key, so that what the device says then is lost"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noJudgement,
      words: "a recipient that remembers any number, and acknowledges what is too old as if it had had it")
  ]

  static func run(in world: World) throws -> Finding {
    let (device, recipient) = (try Correspondent(0, in: world), try Correspondent(1, in: world))
    let letterbox = try Letterbox(in: world)
    let used = try device.number(Correspondent.lastNumber, generation: device.generation + 1)
    var evidence = "by the mailbox: \(try device.post([0], used, to: recipient).words)"
    if let thief = try device.peer.map({ try Peer(copying: $0) }), let peer = recipient.peer {
      evidence += "; directly: \(try letterbox.take(try DirectLine(from: thief, to: peer).say([0], id: used)).words)"
    }
    for message in try recipient.fetch() { _ = try letterbox.take(message) }
    try device.rotate()
    let receipt = try device.post(World.secret(0), try device.number(0), to: recipient)
    for message in try recipient.fetch() { evidence += "; the device's own: \(try letterbox.take(message).words)" }
    guard receipt == .stored else { throw LaboratoryError.noAnswer(receipt.words) }
    return Finding(
      !letterbox.delivered.contains(World.secret(0)),
      if: "The recipient takes what the device says under its next key for old, and tells nobody.",
      else:
        "The server refuses numbers of a key to come, and a recipient does on a direct connection: none is used up.",
      evidence)
  }
}
