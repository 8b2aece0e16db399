// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The server turns liar: it certifies a key of its own for each of two devices and stands between them.
enum FalseCertificate: Attack {
  static let name = "false-certificate"
  static let title = "the server lies: certify a key of its own for a device and stand between two devices"
  static let group = AttackGroup.relay
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noBooks, words: "an owner without a log of the keys that were certified")
  ]

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else {
      return Finding(
        .succeeded, "There is nothing to certify: the server stands between the two by construction.",
        "see relay-reads-conversations")
    }
    let alice = try world.peer(0)
    let bob = try world.peer(1)
    let falseBob = try world.impostor(of: bob)
    let falseAlice = try world.impostor(of: alice)
    let first = try alice.say(World.secret(0), to: falseBob, certificate: falseBob.certificate)
    let second = try falseAlice.say(first.read, to: bob, certificate: bob.certificate)
    let evidence = "the server read \"\(first.read.text)\" and passed it on: Bob read \"\(second.read.text)\""
    if let proof = try world.proof(against: try falseBob.certificate) {
      return Finding(
        .detected,
        world.scheme.row.shown == .credential
          ? "The lie works, and leaves in the devices a credential that contradicts the owner's issuance log. It carries no "
            + "signature: that its holder had the key, the device that met it can only say."
          : "The lie works, and leaves in the devices a certificate that contradicts the owner's issuance log: proof that "
            + "anybody can check.",
        evidence + "; " + proof)
    }
    return Finding(
      .succeeded, "Both devices believe what the server issued, and neither can tell.", evidence)
  }
}
