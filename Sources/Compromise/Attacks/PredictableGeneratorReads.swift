// SPDX-License-Identifier: Apache-2.0

import Schemes

/// A device's random generator is stuck and always gives the same number, which the attacker knows. It sees two sessions.
enum PredictableGeneratorReads: Attack {
  static let name = "weak-generator-reads"
  static let title = "a device's generator repeats an ephemeral key that is known: read its traffic, with no other key"
  static let group = AttackGroup.weakness
  static let controls = [
    Control(
      scheme: .derivedKeyEphemeral, weaknesses: [.predictableEphemerals, .unauthenticated],
      words: "a Diffie-Hellman that nobody authenticates")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasEphemeralKeys else {
      return .notApplicable("The device draws no random number for a session.")
    }
    let weak = world.weaknesses.isEmpty ? try World(world.scheme, .predictableEphemerals) : world
    let recordings = [try weak.session(0), try weak.session(0)]
    var loot = Loot(privateKeys: weak.predicted)
    if weak.weaknesses.contains(.unauthenticated) {
      var known = weak.memory(0)
      known.symmetricKey = [UInt8](repeating: 0, count: 32)
      loot.memory = known
    }
    let reading = try weak.attacker(loot).read(recordings[1])
    let isSame = recordings[0].hello.dropFirst().prefix(48) == recordings[1].hello.dropFirst().prefix(48)
    return Finding(
      reading.shows(World.secret(0)), if: "The ephemeral key was the only secret.",
      else: "The keys also need a lasting secret of the device, and the server's half is fresh each time.",
      "\(isSame ? "both hellos begin alike" : "the hellos differ"); \(reading.evidence)")
  }
}
