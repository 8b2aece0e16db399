// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The registry's file is copied; the thief opens a session as a device.
enum RegistryReadPoses: Attack {
  static let name = "registry-read-poses"
  static let title = "a copy of the registry: pose as a device"
  static let group = AttackGroup.registry
  static let controls = [
    Control(
      scheme: .derivedKeyRatchet, weaknesses: .plainRegistry,
      words: "a server that keeps the ratchets' keys in the open")
  ]

  static func run(in world: World) throws -> Finding {
    let name = try world.session(0).hello
    let thief = world.attacker(Loot(registry: try world.registryDump()))
    let posing = try thief.pose(as: world.memory(0).address, under: name, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The server keeps the ratchet's current key, and whoever has it is the device.",
      else: "Nothing in the registry is a device's secret.", posing.evidence)
  }
}
