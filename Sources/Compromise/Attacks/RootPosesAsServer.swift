// SPDX-License-Identifier: Apache-2.0

/// The server's root is stolen; the thief takes the server's place before a device.
enum RootPosesAsServer: Attack {
  static let name = "root-poses-as-server"
  static let title = "the server's root: pose as the server to a device"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    let thief = world.attacker(Loot(root: world.root))
    let posing = try thief.poseAsServer(
      before: try world.client(0), record: world.textRecord(World.secret(0)), text: World.secret(0))
    return Finding(
      posing.isBelieved, if: "Who has the root is the server.", else: "The device wants more than the root.",
      posing.evidence)
  }
}
