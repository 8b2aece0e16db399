// SPDX-License-Identifier: Apache-2.0

/// The server's root is stolen; the thief opens a session with the server as a device.
enum RootPosesAsDevice: Attack {
  static let name = "root-poses-as-device"
  static let title = "the server's root: pose as a device to the genuine server"
  static let group = AttackGroup.server
  static let controls = [Control.escrow]

  static func run(in world: World) throws -> Finding {
    let thief = world.attacker(Loot(root: world.root))
    let victim = world.memory(1).address
    return try world.finding(
      try thief.pose(as: victim, at: world.gate), as: victim, if: "The device's key follows from the root.",
      else: "The root can sign a certificate for a key of the thief's, but the server's registry knows another.",
      noticed:
        "The root can issue a credential for a key of the thief's, which the server refuses. A second one for the generation in use "
        + "it keeps as evidence; one for another generation is turned away like a stranger's.")
  }
}
