// SPDX-License-Identifier: Apache-2.0

import Device
import Schemes

/// The key that signs certificates is stolen; the thief certifies a key of its own and talks to a device directly.
enum IssuingKeyFoolsPeer: Attack {
  static let name = "issuing-key-fools-peer"
  static let title = "the issuing key alone: mint an identity and fool another device directly"
  static let group = AttackGroup.server
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noBooks, words: "an owner without a log of the keys that were certified")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else {
      return .notApplicable("There is no issuing key, and no conversation of two devices.")
    }
    let victim = try world.peer(0)
    let thief = try world.impostor(of: try world.peer(1))
    let name = thief.identity.address
    let said = try thief.say(Attacker.lie, to: victim, certificate: victim.certificate)
    let evidence = "\(victim.identity.address.words) read from \(name.words): \"\(said.read.text)\""
    if let proof = try world.proof(against: try thief.certificate) {
      return Finding(
        .detected,
        world.scheme.row.shown == .credential
          ? "The device believes the credential, but it is not in the owner's issuance log: whoever shows it to the owner gives "
            + "the thief away."
          : "The device believes the signature, but its certificate is not in the owner's issuance log: whoever shows it to the "
            + "owner has proof.",
        evidence + "; " + proof)
    }
    return Finding(
      said.read == Attacker.lie, if: "A device that verifies offline has nothing but the signature to go by.",
      else: "The device refuses.", evidence)
  }
}
