// SPDX-License-Identifier: Apache-2.0

/// One device is taken apart; the traffic of another was recorded.
enum MemoryReadsOthers: Attack {
  static let name = "memory-reads-others"
  static let title = "one device's memory: read the recorded traffic of another device"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let recording = try world.session(1)
    let thief = world.attacker(Loot(memory: world.memory(0)))
    let reading = try thief.read(recording)
    return Finding(
      reading.shows(World.secret(1)), if: "All devices have the same key: one opens every session.",
      else: "The device's keys are its own: nothing in them helps with another device's session.", reading.evidence)
  }
}
