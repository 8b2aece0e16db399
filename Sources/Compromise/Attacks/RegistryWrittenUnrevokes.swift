// SPDX-License-Identifier: Apache-2.0

/// A device is taken apart and revoked. The thief may also write the registry's file, has a copy of it from before, and puts that in
/// its place with the record of changes brought up to date.
enum RegistryWrittenUnrevokes: Attack {
  static let name = "registry-written-unrevokes"
  static let title = "write access to the registry, and a revoked device's memory: come back in"
  static let group = AttackGroup.registry

  static func run(in world: World) throws -> Finding {
    let stolen = world.memory(0)
    do {
      if let live = world.live {
        let before = try live.backUp()
        try world.revoke(0)
        let gate = try live.restart { current in
          try RegistryFile(before).pretendToBe(asFarAs: current)
          try live.replaceRegistry(by: before)
        }
        world.replaceGate(gate)
      }
    } catch {
      return Finding(
        .detected, "The server does not start on a registry from which a revocation is missing.", "\(error)")
    }
    let posing = try world.attacker(Loot(memory: stolen)).pose(as: stolen.address, at: world.gate)
    return Finding(
      posing.isBelieved,
      if: "The server knows of revocations what its registry says. (Devices that heard of it still refuse.)",
      else: "The device stays out.", posing.evidence)
  }
}
