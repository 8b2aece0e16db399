// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The same weak generator; later the device is taken apart.
enum PredictableGeneratorThenMemory: Attack {
  static let name = "weak-generator-then-memory"
  static let title = "a device's generator repeats a known ephemeral key; later its memory is stolen: read the past"
  static let group = AttackGroup.weakness

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasEphemeralKeys else {
      return .notApplicable("The device draws no random number for a session.")
    }
    let weak = try World(world.scheme, .predictableEphemerals)
    let recording = try weak.session(0)
    let reading = try weak.attacker(Loot(memory: weak.memory(0), privateKeys: weak.predicted)).read(recording)
    return Finding(
      reading.shows(World.secret(0)),
      if: "Forward secrecy is as good as the generator: both secrets of the device are known.",
      else: "More is needed than the device's secrets.", reading.evidence)
  }
}
