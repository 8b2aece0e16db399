// SPDX-License-Identifier: Apache-2.0

import Keyring
import Schemes

/// Everything was recorded; then the server's static handshake key is stolen, and no other.
enum StaticKeyReads: Attack {
  static let name = "static-key-reads"
  static let title = "the static handshake key alone: read recorded traffic"
  static let group = AttackGroup.server
  static let controls = [
    Control(
      scheme: .registered, weaknesses: .actsOnFirstMessage, words: "devices that put their text into the first message")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("The server has no static handshake key.") }
    let recording = try world.sessionOrEarly(0)
    let thief = world.attacker(Loot(staticKey: keyBytes(of: world.authority.serverKey)))
    let reading =
      try world.weaknesses.contains(.actsOnFirstMessage) ? thief.readEarly(recording) : thief.read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "The first message is encrypted to that key alone.",
      else: "The texts are under keys to which ephemeral keys of both sides went, and those are gone.", reading.evidence
    )
  }
}
