// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A thief copies a device's memory and puts the device back; then the device changes its key over the network, and all of it
/// is recorded.
enum MemoryReadsOwnFuture: Attack {
  static let name = "memory-reads-own-future"
  static let title = "one device's memory, copied: read its traffic after it has changed its key"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let stolen = world.memory(0)
    let rotation = try world.rotate(0)
    let recording = try world.session(0)
    var loot = Loot(memory: stolen)
    var reading = try world.attacker(loot).read(recording)
    // Where the new key travels inside a session that the old one opens, it is the thief's too.
    if !reading.shows(World.secret(0)), !rotation.frames.isEmpty {
      let change = try world.attacker(loot).read(rotation)
      if let record = change.records.first(where: { $0.first == 0x90 && $0.count >= 36 }) {
        loot.memory?.symmetricKey = Array(record[4..<36])
        loot.memory?.counter = 0
        reading = try world.attacker(loot).read(recording)
        reading.evidence = "the new key travelled in a session that the stolen key opens; then " + reading.evidence
      }
    }
    return Finding(
      reading.shows(World.secret(0)),
      if: "The new key is handed over in a session that the old key opens.",
      else: world.scheme.row.hasKeyPair
        ? "The new key was made on the device and never left it."
        : "The new key was handed over in a session whose ephemeral keys are gone; only by being in the middle of that very "
          + "session could the thief have had it.",
      reading.evidence)
  }
}
