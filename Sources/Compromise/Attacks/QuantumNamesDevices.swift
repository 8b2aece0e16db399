// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes

/// The same recorder asks only who connected.
enum QuantumNamesDevices: Attack {
  static let name = "quantum-names-devices"
  static let title = "modelled: every discrete logarithm of what was seen: learn from recordings who connected"
  static let group = AttackGroup.future

  static func run(in world: World) throws -> Finding {
    world.keepsLogarithms = true
    let recording = try world.session(1)
    if !world.scheme.row.hasKeyPair {
      let clear = recording.hello.count == 33
      return Finding(
        clear, if: "The address is in clear anyway.", else: "The name is a function of a symmetric key.",
        recording.hello.digest)
    }
    let recorder = world.attacker(Loot(privateKeys: world.logarithms))
    let reading = try recorder.read(recording)
    let named = reading.staticKey.flatMap { key in recorder.facts.certificates.first { $0.publicKey == key } }
    let isNamed = named?.fields.address == world.memory(1).address && reading.payload != nil
    return Finding(
      isNamed, if: "The first message hides the name by Diffie-Hellman alone.",
      else: "The first message does not open.",
      isNamed ? "the recording is of \(world.memory(1).address.words)" : reading.evidence)
  }
}
