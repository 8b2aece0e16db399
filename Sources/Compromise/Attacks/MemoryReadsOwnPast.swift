// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A device is taken apart; its own traffic of before was recorded.
enum MemoryReadsOwnPast: Attack {
  static let name = "memory-reads-own-past"
  static let title = "one device's memory: read its own recorded traffic of before"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let recording = try world.session(0)
    _ = try world.session(0)
    let thief = world.attacker(Loot(memory: world.memory(0)))
    let reading = try thief.read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "The key that opened the session is still in the device.",
      else: world.scheme.row.hasEphemeralKeys
        ? "The session's keys came from ephemeral keys that are gone."
        : "The key has been moved forward since; there is no way back.",
      reading.evidence)
  }
}
