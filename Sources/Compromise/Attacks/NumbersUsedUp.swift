// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Device
import DeviceHost

/// A thief with a copy of a device uses the last number of the key that both have. The device's own messages are too old from then
/// on: does it learn that nobody has them?
enum NumbersUsedUp: Attack {
  static let name = "numbers-used-up"
  static let title =
    "one device's memory, copied: use up the message numbers of the key in use, so that what the device says is lost unnoticed"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noJudgement, words: "a recipient that acknowledges what is too old"),
    Control(
      scheme: .derivedKey, weaknesses: .noJudgement, words: "the same of a device whose mail the server reads"),
  ]

  static func run(in world: World) throws -> Finding {
    let (device, recipient) = (try Correspondent(0, in: world), try Correspondent(1, in: world))
    let letterbox = try Letterbox(in: world)
    _ = try device.post([0], try device.number(Correspondent.lastNumber), to: recipient)
    for message in try recipient.fetch() { _ = try letterbox.take(message) }
    let judgement: MessageJudgement
    if let sender = device.peer, let peer = recipient.peer {
      judgement = try letterbox.take(try DirectLine(from: sender, to: peer).say(World.secret(0), id: device.number(0)))
    } else {
      _ = try device.post(World.secret(0), try device.number(0), to: recipient)
      guard let message = try recipient.fetch().first else { throw LaboratoryError.nothingToShow }
      judgement = try letterbox.take(message)
    }
    let evidence =
      "what the device said: \(judgement.words); messages that the application has: \(letterbox.delivered.count)"
    guard !letterbox.delivered.contains(World.secret(0)) else {
      return Finding(.failed, "The message arrives.", evidence)
    }
    guard case .refuse = judgement else {
      return Finding(.succeeded, "The message is acknowledged, and nobody has it.", evidence)
    }
    return Finding(
      .detected,
      device.peer == nil
        ? "Nothing is acknowledged that was not handed over: the recipient shows that it refused a message, and why."
        : "Nothing is acknowledged that was not handed over: the sender is told that its message was refused, and why.",
      evidence)
  }
}
