// SPDX-License-Identifier: Apache-2.0

/// A device is taken apart; the thief opens a session as another device.
enum MemoryPosesAsAnother: Attack {
  static let name = "memory-poses-as-another"
  static let title = "one device's memory: pose as another device to the server"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let thief = world.attacker(Loot(memory: world.memory(0)))
    let posing = try thief.pose(as: world.memory(1).address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The key does not say whose it is; the sender writes any address in front.",
      else: "The server knows each device by a key that only this device has.", posing.evidence)
  }
}
