// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The registry's file is copied; sessions before and after were recorded.
enum RegistryReadTraffic: Attack {
  static let name = "registry-read-reads"
  static let title = "a copy of the registry: read recorded traffic, of before and after"
  static let group = AttackGroup.registry
  static let controls = [
    Control(
      scheme: .derivedKeyRatchet, weaknesses: .plainRegistry,
      words: "a server that keeps the ratchets' keys in the open")
  ]

  static func run(in world: World) throws -> Finding {
    let before = try world.session(0)
    let thief = world.attacker(Loot(registry: try world.registryDump()))
    let after = try world.session(0)
    let readings = [try thief.read(before), try thief.read(after)]
    let isOpen = readings.contains { $0.shows(World.secret(0)) }
    return Finding(
      isOpen,
      if: "The server must keep the ratchet's current key of each device, and the next session follows from it.",
      else: "The registry holds public keys, signatures, counters, and what makes keys only together with the root.",
      (isOpen ? readings.first { $0.shows(World.secret(0)) } : readings.last)?.evidence ?? "")
  }
}
