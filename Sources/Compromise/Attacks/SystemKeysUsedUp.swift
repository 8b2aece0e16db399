// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Device
import Registry

/// A device asks for next key after next key, and uses each. Where all devices of a system share a key, they share its generations:
/// 65,534 of them, and one that has that key can ask in every device's name.
enum SystemKeysUsedUp: Attack {
  static let name = "system-keys-used-up"
  static let title = "one device: use up the next keys that its whole system has in common, by asking without end"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .sharedKey, weaknesses: .noKeyBudget,
      words: "a registry in which keys that nobody ordered cost nothing"),
    Control(scheme: .certified, weaknesses: .noKeyBudget, words: "the same where each device has its own"),
  ]

  /// More than any device, or a shared key, has at once.
  private static let asked = Int(max(KeyBudget.device.burst, KeyBudget.sharedKey.burst)) + 4

  static func run(in world: World) throws -> Finding {
    let books = try world.books()
    var given = 0
    // The others' names are as good as its own, where their key is.
    let names = world.scheme.row.derivation == .system ? [0, 1] : [0]
    for name in names {
      while given < asked, try change(name, in: world) { given = max(given, Int(world.memory(name).generation) - 1) }
    }
    let evidence = "\(given) next keys given of \(asked) asked for"
    guard given < asked else {
      return Finding(
        .succeeded,
        world.scheme.row.derivation == .system
          ? "Nothing is in the way of using up every generation that the system will ever have."
          : "Nothing is in the way of using up every generation, each a line of the log for ever.", evidence)
    }
    // What is left must be enough for an honest device: of its own account, or with a shared key on the owner's order.
    if world.scheme.row.derivation == .system { try books.registry.order(.rotate, for: world.memory(2).address) }
    return Finding(
      !(try change(2, in: world)), if: "The others of its system get no next key any more.",
      else: world.scheme.row.derivation == .system
        ? "A generation that nobody ordered is paid for by the whole system, \(KeyBudget.sharedKey.burst) at once and then one a "
          + "day; the owner's orders cost nothing."
        : "A device has \(KeyBudget.device.burst) next keys at once and then one an hour; what the system has in common is out of its reach.",
      evidence + "; another device of the system: given")
  }

  /// A device changes its key, unless the server gives it none.
  private static func change(_ index: Int, in world: World) throws -> Bool {
    let before = world.memory(index).generation
    do { _ = try world.rotate(index) } catch LaboratoryError.noAnswer("") { return false }
    return world.memory(index).generation > before
  }
}
