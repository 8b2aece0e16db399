// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A thief has copied a device's memory; the device then changes its key; the thief comes with the old one.
enum MemoryOutlivesRotation: Attack {
  static let name = "memory-outlives-rotation"
  static let title = "one device's memory, copied: pose as that device after it has changed its key"
  static let group = AttackGroup.device
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .certificateAlone,
      words: "a server that believes a certificate without its registry")
  ]

  static func run(in world: World) throws -> Finding {
    let stolen = world.memory(0)
    _ = try world.rotate(0)
    let posing = try world.attacker(Loot(memory: stolen)).pose(as: stolen.address, at: world.gate)
    // Not believed, it tries what a device would that has missed something: to have its own next key certified.
    if !posing.isBelieved, world.scheme.row.hasKeyPair {
      world.setMemory(stolen, of: 0)
      _ = try? world.rotate(0)
    }
    if !posing.isBelieved, let alarm = try world.alarm(about: stolen.address) {
      return Finding(
        .detected,
        "The old key may only show its next key, and by showing another tells the owner that there is a copy.",
        alarm + "; " + posing.evidence)
    }
    return Finding(
      posing.isBelieved,
      if: "The old key still opens sessions.",
      else: "The server knows the next key and forgot the old one.", posing.evidence)
  }
}
