// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Device
import DeviceHost

/// A thief with a copy of a device leaves a message for another that sleeps. The owner revokes the device, after as many others as a
/// device can remember; then the other wakes.
enum RevokedMail: Attack {
  static let name = "revoked-mail"
  static let title =
    "one device's memory, copied: leave a message that is read after the device was revoked, among more than devices remember"
  static let group = AttackGroup.insider
  static let controls = [
    Control(
      scheme: .certified, weaknesses: .noWithholding,
      words: "a server that leaves it to the recipient, whose list of revocations is full"),
    Control(
      scheme: .derivedKey, weaknesses: .noWithholding,
      words: "the same with a recipient that verifies nobody"),
  ]

  static func run(in world: World) throws -> Finding {
    let (device, recipient) = (try Correspondent(0, in: world), try Correspondent(1, in: world))
    let receipt = try device.post(World.secret(0), try device.number(0), to: recipient)
    // A device without a key of its own keeps no list.
    let others = world.scheme.row.hasKeyPair ? RevocationList.capacity : 0
    try world.books().addRevoked(others)
    try world.books().revoke(device.address)
    let read = try recipient.fetch().map(\.body)
    let isOverflowing = recipient.peer.map { $0.identity.trust.revocations.isOverflowing } ?? false
    guard receipt == .stored, isOverflowing == world.scheme.row.hasKeyPair else {
      throw LaboratoryError.noAnswer("\(receipt.words); the list overflows: \(isOverflowing)")
    }
    return Finding(
      read.contains(World.secret(0)),
      if: "The recipient cannot know that its sender is revoked, and nobody else looks.",
      else: "The server knows every revocation, and drops what a revoked device has left behind.",
      "left before the revocation: \(receipt.words); \(others) others revoked; messages read after it: \(read.count)")
  }
}
