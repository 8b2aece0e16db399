// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Everything was recorded; then the key that signs certificates is stolen, and no other.
enum IssuingKeyReads: Attack {
  static let name = "issuing-key-reads"
  static let title = "the issuing key alone: read recorded traffic"
  static let group = AttackGroup.server
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .factorySeed,
      words: "a factory that derives every key of a device from the issuing key")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("There is no issuing key.") }
    let recording = try world.session(0)
    let reading = try world.attacker(.issuingKey(world.scheme, of: world.authority)).read(recording)
    return Finding(
      reading.shows(World.secret(0)), if: "The devices' keys follow from the issuing key.",
      else: world.scheme.row.shown == .credential
        ? "The device's key has a part that was made on the device, and every session mixed ephemeral keys that are gone."
        : "Signing decrypts nothing: no key of a session depends on the issuing key.", reading.evidence)
  }
}
