// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The same thief, and a device whose application has the ephemeral key of the next session made while the radio sleeps.
enum MemoryReadsSessionAhead: Attack {
  static let name = "memory-reads-session-ahead"
  static let title = "one device's memory, with the ephemeral key of its next session made ahead: read that session"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else {
      return .notApplicable(
        world.scheme.row.hasEphemeralKeys
          ? "Without a key pair a device's ephemeral keys cannot be made ahead." : "There are no ephemeral keys.")
    }
    world.sleep(0, makingEphemeral: true)
    let before = world.memory(0)
    let recording = try world.session(0)
    let reading = try world.attacker(Loot(memory: before)).read(recording)
    let afterwards = try world.attacker(Loot(memory: world.memory(0))).read(recording)
    guard !afterwards.shows(World.secret(0)) else {
      return Finding(.succeeded, "The key made ahead is still in the device after its session.", afterwards.evidence)
    }
    return Finding(
      reading.shows(World.secret(0)),
      if: "From when the key is made until its handshake ends, the device holds both of the session's secrets.",
      else: "More is needed than the device's two secrets.",
      reading.evidence)
  }
}
