import Credentials

/// The key that signs certificates is stolen; the thief certifies a key of its own and talks to a device directly.
enum IssuingKeyFoolsPeer: Attack {
  static let name = "issuing-key-fools-peer"
  static let title = "the issuing key alone: mint an identity and fool another device directly"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    guard world.scheme.hasOwnKey else {
      return .notApplicable("There is no issuing key, and no conversation of two devices.")
    }
    let victim = try world.peer(0)
    let name = world.memory(1).address
    let issuer = world.authority.issuer
    let thief = try Peer(name, world.publicFacts) { key in
      try issuer.certificate(
        for: key, system: name.system, device: name.device, generation: 1, lastEpoch: world.epoch + 8)
    }
    let said = try thief.say(Attacker.lie, to: victim, certificate: victim.certificate)
    let evidence = "\(victim.identity.address.words) read from \(name.words): \"\(said.read.text)\""
    if let proof = try world.proof(against: try thief.certificate) {
      return Finding(
        .detected,
        "The device believes the signature, but its certificate is not in the signed issuance log: checkable proof.",
        evidence + "; " + proof)
    }
    return Finding(
      said.read == Attacker.lie, if: "A device that verifies offline has nothing but the signature to go by.",
      else: "The device refuses.", evidence)
  }
}
