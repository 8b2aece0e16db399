/// A thief has copied a device's memory; the device then changes its key; the thief comes with the old one.
enum MemoryOutlivesRotation: Attack {
  static let name = "memory-outlives-rotation"
  static let title = "one device's memory, copied: pose as that device after it has changed its key"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    let stolen = world.memory(0)
    _ = try world.rotate(0)
    let posing = try world.attacker(Loot(memory: stolen)).pose(as: stolen.address, at: world.gate)
    if !posing.isBelieved, let alarm = try world.alarm(about: stolen.address) {
      return Finding(
        .detected, "The old key is refused, and its use tells the owner that a copy exists.",
        alarm + "; " + posing.evidence)
    }
    return Finding(
      posing.isBelieved,
      if: "A key that all share cannot be changed for one device.",
      else: "The server knows the next key and forgot the old one.", posing.evidence)
  }
}
