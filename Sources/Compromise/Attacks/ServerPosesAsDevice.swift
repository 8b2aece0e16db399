// SPDX-License-Identifier: Apache-2.0

/// The server's whole disk is stolen, root and registry; the thief opens a session with the server as a device.
enum ServerPosesAsDevice: Attack {
  static let name = "server-poses-as-device"
  static let title = "the server's root and registry: pose as a device to the genuine server"
  static let group = AttackGroup.server

  static func run(in world: World) throws -> Finding {
    _ = try world.session(1)
    let thief = world.attacker(Loot(root: world.root, registry: try world.registryDump()))
    let victim = world.memory(1).address
    return try world.finding(
      try thief.pose(as: victim, at: world.gate), as: victim, if: "The device's key follows from the two.",
      else: "No key of the device is in the server, and one of the thief's is not in its registry.",
      noticed:
        "No key of the device is in the server, and one of the thief's is refused. A second credential for the generation in use is "
        + "kept as evidence; one for another generation is turned away like a stranger's.")
  }
}
