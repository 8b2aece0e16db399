// SPDX-License-Identifier: Apache-2.0

/// Key-compromise impersonation of a device: with a device's own keys, pose to that device as the server.
enum StolenKeyFoolsItsOwner: Attack {
  static let name = "memory-poses-as-server"
  static let title = "key compromise: with a device's memory, pose as the server to that very device"
  static let group = AttackGroup.weakness

  static func run(in world: World) throws -> Finding {
    let thief = world.attacker(Loot(memory: world.memory(0)))
    let posing = try thief.poseAsServer(
      before: try world.client(0), record: world.textRecord(World.secret(0)), text: World.secret(0))
    return Finding(
      posing.isBelieved, if: "Both ends have the same key: who has the device's is the server to it.",
      else: "The device knows the server by a key that is not in the device.", posing.evidence)
  }
}
