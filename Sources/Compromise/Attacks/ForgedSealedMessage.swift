// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Schemes
import Device
import Wire

/// Key-compromise impersonation in the mailbox: with a device's own keys, write to that device in another's name. The server names the
/// sender of every message, so that its help is needed.
enum ForgedSealedMessage: Attack {
  static let name = "forged-sealed-message"
  static let title =
    "key compromise: with a device's memory and the relay, leave a sealed message for that very device in another's name"
  static let group = AttackGroup.weakness

  static func run(in world: World) throws -> Finding {
    guard world.scheme.row.hasKeyPair else {
      return .notApplicable("Nothing is sealed: the server reads all messages.")
    }
    let (device, other) = (try world.peer(0), try world.peer(1))
    let thief = world.attacker(Loot(memory: try world.memory(of: device)))
    let forged = try thief.forgeSealedMessage(
      World.secret(1), MessageID(1 << 48), from: other.certificate, to: device.certificate)
    var text = [UInt8](repeating: 0, count: forged.count)
    var span = text.mutableBytes
    do {
      // The relay says from whom it is, and lies.
      let opened = try device.identity.open(forged.bytes, from: other.identity.address, into: &span)
      let read = Array(text[..<opened.textLength])
      return Finding(
        read == World.secret(1),
        if: "A sealed message knows its sender by a secret that the recipient's key gives too.",
        else: "The device read something else.", "the device has from the other: \"\(read.text)\"")
    } catch {
      return Finding(.failed, "The device does not believe it.", "\(error)")
    }
  }
}
