// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A device is taken apart and revoked; then the registry is lost and restored from a backup of before the revocation.
enum BackupReadmitsRevoked: Attack {
  static let name = "backup-readmits-revoked"
  static let title = "a backup from before a revocation is restored: the revoked device comes back"
  static let group = AttackGroup.registry
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noWitness, words: "a server without the witness beside its registry")
  ]

  static func run(in world: World) throws -> Finding {
    let stolen = world.memory(0)
    do {
      if let live = world.live {
        let backup = try live.backUp()
        try world.revoke(0)
        let gate = try live.restart { _ in
          try live.replaceRegistry(by: backup)
          if world.weaknesses.contains(.noWitness) { live.removeWitness() }
        }
        world.replaceGate(gate)
      } else if let book = world.book {
        let backup = book.book
        try world.revoke(0)
        book.book = backup
      }
    } catch {
      return Finding(
        .detected,
        "The server does not start on a registry that lies behind what it has witnessed, and says what to do.",
        "\(error)")
    }
    let posing = try world.attacker(Loot(memory: stolen)).pose(as: stolen.address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The restored registry has forgotten the revocation, and nobody noticed.",
      else: "The device stays out.", posing.evidence)
  }
}
