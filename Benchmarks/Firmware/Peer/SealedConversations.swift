// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Wire

/// The recipient of a message that the image seals.
final class RecipientConversation: Conversation {
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  private let mine: FleetDevice
  private let imageAddress: DeviceAddress
  private(set) var isComplete = false

  init(_ fleet: Fleet) throws {
    let image = try fleet.device(DeviceID(1))
    mine = try fleet.peer()
    publicKey = try mine.certificate.publicKey
    imageAddress = image.identity.address
    page = image.page + encoded(try mine.certificate)
  }

  func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    var text = [UInt8](repeating: 0, count: frame.count)
    var target = text.mutableBytes
    let opened = try SealedMessage.open(
      frame.bytes, from: imageAddress, with: mine.identity.slotA.key, certificate: mine.certificate, into: &target)
    try mine.identity.trust.verify(opened.certificate, isInitiator: true)
    guard opened.textLength == 64 else { throw Refusal.wrongContent }
    isComplete = true
    return []
  }
}

/// The sender of a message that the image opens.
final class SenderConversation: Conversation {
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  private let mine: FleetDevice
  private let recipient: Certificate
  private(set) var isComplete = false
  private static let text = [UInt8](repeating: 0x2A, count: 64)

  init(_ fleet: Fleet) throws {
    let image = try fleet.device(DeviceID(1))
    mine = try fleet.peer()
    publicKey = try mine.certificate.publicKey
    recipient = try image.certificate
    page = image.page + encoded(mine.identity.address)
  }

  func open() throws -> [[UInt8]] {
    var message = [UInt8](repeating: 0, count: Self.text.count + SealedMessage.overhead)
    var target = message.mutableBytes
    _ = try SealedMessage.seal(
      Self.text.bytes, id: MessageID(77), from: mine.identity.slotA.key, certificate: mine.certificate, to: recipient,
      into: &target)
    return [message]
  }

  func receive(_ frame: [UInt8]) throws -> [[UInt8]] { throw Refusal.unexpectedFrame }

  func check(_ report: [UInt8]) throws {
    guard report == Self.text else { throw Refusal.wrongContent }
    isComplete = true
  }
}
