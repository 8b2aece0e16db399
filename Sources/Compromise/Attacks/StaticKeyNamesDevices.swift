// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Schemes

/// Everything was recorded; then the server's static handshake key is stolen: who was it that connected?
enum StaticKeyNamesDevices: Attack {
  static let name = "static-key-names-devices"
  static let title = "the static handshake key alone: learn from recordings who connected"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("The server has no static handshake key.") }
    let recording = try world.session(1)
    let thief = world.attacker(Loot(staticKey: keyBytes(of: world.authority.serverKey)))
    let reading = try thief.read(recording)
    let named = reading.staticKey.flatMap { key in thief.facts.certificates.first { $0.publicKey == key } }
    // Reading the first message's payload to its tag is what proves the name.
    let isNamed = named?.fields.address == world.memory(1).address && reading.payload != nil
    return Finding(
      isNamed, if: "The device's name is encrypted to that key, without help from a key that the server forgets.",
      else: "The first message does not open.",
      isNamed ? "the recording is of \(world.memory(1).address.words); \(reading.evidence)" : reading.evidence)
  }
}
