// SPDX-License-Identifier: Apache-2.0

/// Everything was recorded; then the server's root is stolen.
enum RootReadsPast: Attack {
  static let name = "root-reads-past"
  static let title = "the server's root: read what was recorded before"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    let recording = try world.session(0)
    let thief = world.attacker(Loot(root: world.root))
    let reading = try thief.read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "Every device's key follows from the root, and every session from that key.",
      else: "Every session mixed ephemeral keys that neither side keeps.", reading.evidence)
  }
}
