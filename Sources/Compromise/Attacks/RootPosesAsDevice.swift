/// The server's root is stolen; the thief opens a session with the server as a device.
enum RootPosesAsDevice: Attack {
  static let name = "root-poses-as-device"
  static let title = "the server's root: pose as a device to the genuine server"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    let thief = world.attacker(Loot(root: world.root))
    let posing = try thief.pose(as: world.memory(1).address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The device's key follows from the root.",
      else: "The root can sign a certificate for a key of the thief's, but the server's registry knows another.",
      posing.evidence)
  }
}
