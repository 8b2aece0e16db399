// SPDX-License-Identifier: Apache-2.0

/// A copy of a device runs beside the original: both come and go, and the copy changes its key when it is told to.
enum CloneBesideOriginal: Attack {
  static let name = "clone-beside-original"
  static let title = "one device's memory, copied: run as that device beside the original, unnoticed"
  static let group = AttackGroup.device

  static func run(in world: World) throws -> Finding {
    _ = try world.session(0)
    let original = world.memory(0)
    let posing = try world.attacker(Loot(memory: original)).pose(as: original.address, at: world.gate)
    guard posing.isBelieved else {
      return Finding(.failed, "The copy is not let in.", posing.evidence)
    }
    do {
      _ = try world.session(0)
    } catch {
      return Finding(
        .detected, "The two share one counter: whoever is behind is refused as stale, which the server sees.",
        "\(error)")
    }
    // The copy does what a device does: it changes its key. Then the original comes back.
    let resting = world.memory(0)
    _ = try world.rotate(0)
    world.setMemory(resting, of: 0)
    do {
      _ = try world.session(0)
    } catch {
      // One key behind, it is told to show its next key, and does.
      _ = try? world.rotate(0)
      if let alarm = try world.alarm(about: original.address) {
        return Finding(
          .detected, "Two keys claim to be the device: a fork. It is quarantined until the owner looks at it.", alarm)
      }
      return Finding(
        .succeeded,
        "The copy took the device's place; the original is refused like any stranger, and nobody is told why.",
        posing.evidence + "; the original: \(error)")
    }
    return Finding(
      .succeeded, "Nothing tells the two apart: both are let in.", posing.evidence + "; the original is let in too")
  }
}
