// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A thief copies a device's memory while it sleeps, and puts the device back; the session that it then opens is recorded.
enum MemoryReadsNextSession: Attack {
  static let name = "memory-reads-next-session"
  static let title = "one device's memory, copied before a session: read that session"
  static let group = AttackGroup.device
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .ephemeralsAhead, words: "a device that makes its sessions' ephemeral keys ahead")
  ]

  static func run(in world: World) throws -> Finding {
    world.sleep(0)
    let stolen = world.memory(0)
    let recording = try world.session(0)
    let reading = try world.attacker(Loot(memory: stolen)).read(recording)
    return Finding(
      reading.shows(World.secret(0)),
      if: "What the device keeps tells every session's keys.",
      else: "A session's ephemeral key is drawn when its first frame is written: there was none in the device.",
      reading.evidence)
  }
}
