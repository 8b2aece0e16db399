// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Everything was recorded; then the server's whole disk is stolen: root and registry.
enum ServerReadsPast: Attack {
  static let name = "server-reads-past"
  static let title = "the server's root and registry: read what was recorded before"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    let recording = try world.session(0)
    _ = try world.session(0)
    let thief = world.attacker(Loot(root: world.root, registry: try world.registryDump()))
    let reading = try thief.read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "Every device's key follows from the two, and every session from that key.",
      else: world.scheme.row.hasEphemeralKeys
        ? "Every session mixed ephemeral keys that neither side keeps."
        : "The server, too, has moved the key forward since.",
      reading.evidence)
  }
}
