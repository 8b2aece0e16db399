/// The key that signs certificates is stolen; the thief certifies a key of its own for an existing device and goes to the server.
enum IssuingKeyIsAdmitted: Attack {
  static let name = "issuing-key-is-admitted"
  static let title = "the issuing key alone: mint an identity and be admitted by the server"
  static let group = AttackGroup.server
  static let control: Control? = Control(
    scheme: .certified, weaknesses: .certificateAlone,
    words: "a server that believes a certificate without its registry")

  static func run(in world: World) throws -> Finding {
    guard world.scheme.hasOwnKey else { return .notApplicable("There is no issuing key.") }
    let thief = world.attacker(Loot(issuer: world.authority.issuer))
    let posing = try thief.pose(as: world.memory(1).address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "A signature is all that the server asks for.",
      else: "The server compares every certificate with its registry, which knows another key.", posing.evidence)
  }
}
