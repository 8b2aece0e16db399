/// The server's whole disk is stolen, root and registry; the thief opens a session with the server as a device.
enum ServerPosesAsDevice: Attack {
  static let name = "server-poses-as-device"
  static let title = "the server's root and registry: pose as a device to the genuine server"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    _ = try world.session(1)
    let thief = world.attacker(Loot(root: world.root, registry: try world.registryDump()))
    let posing = try thief.pose(as: world.memory(1).address, at: world.gate)
    return Finding(
      posing.isBelieved, if: "The device's key follows from the two.",
      else: "No key of the device is in the server, and one of the thief's is not in its registry.", posing.evidence)
  }
}
