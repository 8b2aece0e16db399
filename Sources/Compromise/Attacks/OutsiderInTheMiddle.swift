// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Somebody without any key sits between a device and the server and answers in the server's place.
enum OutsiderInTheMiddle: Attack {
  static let name = "outsider-in-the-middle"
  static let title = "no key, the wire: stand between a device and the server"
  static let group = AttackGroup.wire
  static let controls = [
    Control(
      scheme: .derivedKeyEphemeral, weaknesses: .unauthenticated, words: "a Diffie-Hellman that nobody authenticates")
  ]

  static func run(in world: World) throws -> Finding {
    let outsider = world.attacker()
    let posing = try outsider.poseAsServer(
      before: try world.client(0), record: world.textRecord(World.secret(0)), text: World.secret(0))
    return Finding(
      posing.isBelieved, if: "Nothing tells the device whom it talks to.",
      else: "The answer needs a key that only the server has.", posing.evidence)
  }
}
