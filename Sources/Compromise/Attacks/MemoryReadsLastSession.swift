// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The same, and only the very last session is asked for.
enum MemoryReadsLastSession: Attack {
  static let name = "memory-reads-last-session"
  static let title = "one device's memory: read the last session before the theft"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let recording = try world.session(0)
    let reading = try world.attacker(Loot(memory: world.memory(0))).read(recording)
    return Finding(
      reading.shows(World.secret(0)),
      if: world.scheme.row.derivation == .ratchet
        ? "The key of the last session stays in the device until the next one begins."
        : "The key that opened the session is still in the device.",
      else: "The session's keys came from ephemeral keys that are gone.", reading.evidence)
  }
}
