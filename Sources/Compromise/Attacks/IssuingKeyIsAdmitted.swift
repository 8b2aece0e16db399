// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The key that signs certificates is stolen; the thief certifies a key of its own for an existing device and goes to the server.
enum IssuingKeyIsAdmitted: Attack {
  static let name = "issuing-key-is-admitted"
  static let title = "the issuing key alone: mint an identity and be admitted by the server"
  static let group = AttackGroup.server
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .certificateAlone,
      words: "a server that believes a certificate without its registry"),
    .escrow,
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else { return .notApplicable("There is no issuing key.") }
    let thief = world.attacker(.issuingKey(world.scheme, of: world.authority))
    let victim = world.memory(1).address
    return try world.finding(
      try thief.pose(as: victim, at: world.gate), as: victim,
      if: world.scheme.row.shown == .credential
        ? "In escrow the issuing key computes the device's own." : "A signature is all that the server asks for.",
      else: "The server compares every certificate with its registry, which knows another key.",
      noticed:
        "The server compares what is shown with its registry, and refuses it. A second credential for the generation in use it "
        + "keeps as evidence; one for another generation is turned away like a stranger's.")
  }
}
