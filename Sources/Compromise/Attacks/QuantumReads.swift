// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Everything was recorded; then there is a quantum computer. Modelled: the attacker is handed the discrete logarithm of every
/// public value that it has seen. Symmetric keys of 256 bits it cannot find.
enum QuantumReads: Attack {
  static let name = "quantum-reads"
  static let title = "modelled: every discrete logarithm of what was seen: read recorded traffic"
  static let group = AttackGroup.future

  static func run(in world: World) throws -> Finding {
    world.keepsLogarithms = true
    let recording = try world.session(0)
    let recorder = world.attacker(Loot(privateKeys: world.logarithms))
    let reading = try recorder.read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "Every secret of the session is a discrete logarithm.",
      else: world.scheme.row.hasKeyPair
        ? "The texts are also under a derived key, which is no discrete logarithm."
        : "The keys are symmetric, or mixed with one that is.", reading.evidence)
  }
}
