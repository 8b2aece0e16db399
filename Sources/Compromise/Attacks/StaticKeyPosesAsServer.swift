// SPDX-License-Identifier: Apache-2.0

import Keyring
import Schemes

/// The server's static handshake key is stolen; the thief takes the server's place before a device.
enum StaticKeyPosesAsServer: Attack {
  static let name = "static-key-poses-as-server"
  static let title = "the static handshake key alone: pose as the server to a device"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("The server has no static handshake key.") }
    let thief = world.attacker(Loot(staticKey: keyBytes(of: world.authority.serverKey)))
    let posing = try thief.poseAsServer(
      before: try world.client(0), record: world.textRecord(World.secret(0)), text: World.secret(0))
    return Finding(
      posing.isBelieved, if: "The device knows the server by this key and by nothing else.",
      else: "The answer also needs the device's derived key, which follows from the root and not from this key.",
      posing.evidence)
  }
}
