// SPDX-License-Identifier: Apache-2.0

import Keyring
import Schemes

/// Key-compromise impersonation of the server: with the server's own static key, pose to it as a device.
enum StaticKeyPosesAsDevice: Attack {
  static let name = "static-key-poses-as-device"
  static let title = "key compromise: with the server's static handshake key, pose as a device to the server"
  static let group = AttackGroup.server
  static let controls = [
    Control(
      scheme: .registered, weaknesses: .actsOnFirstMessage, words: "a server that acts on the first message")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("The server has no static handshake key.") }
    let thief = world.attacker(Loot(staticKey: keyBytes(of: world.authority.serverKey)))
    let line = world.gate.connect()
    let isEarly = world.weaknesses.contains(.actsOnFirstMessage)
    let forged = try thief.forgeFirstMessage(
      of: world.memory(1).certificate, carrying: isEarly ? Attacker.lie : nil)
    let answer = line.send(forged).first
    // Without the device's private key the answer's `se` is out of reach: whatever is said next is under a guessed key.
    if answer != nil, !isEarly { _ = line.send(.random(24)) }
    let isBelieved = line.accepted.contains { $0.device == world.memory(1).address }
    return Finding(
      isBelieved, if: "The forged first message is all that the server asks for.",
      else: answer == nil
        ? "The forged first message is refused."
        : "The forged first message is answered, as it must be; without the device's key the session cannot go on, and the "
          + "server has acted on nothing.",
      "first message \(forged.digest); answer \(answer?.digest ?? "none"); then: \(line.refusal ?? "believed")")
  }
}
