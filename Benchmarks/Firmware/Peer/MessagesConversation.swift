// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Noise
import Records
import Schemes
import Wire

/// After a change of keys: the server's end of a message to another device and of one from it, and that device's end of a session
/// through the relay.
final class MessagesConversation: RotationConversation {
  private let other: FleetDevice
  private let text = Array("open the valve".utf8) + [0, 0]
  private var session = PeerSession(relayed: .responder)
  /// What was said so far, of message, mail and session.
  private var isStored = false
  private var isDelivered = false
  private var hasTalked = false
  private static let number = MessageID(1 << 48 | 77)
  private static let sessionNumber: UInt32 = 9

  init(_ fleet: Fleet) throws {
    other = try fleet.peer()
    try super.init(fleet, expectsPing: true)
  }

  override var isComplete: Bool {
    get { hasTalked }
    set {}
  }

  override func answer(_ record: borrowing DeviceRecord) throws -> [[UInt8]] {
    switch record {
    case .lookup(let address):
      guard address == other.identity.address else { throw Refusal.wrongPeer }
      return [try seal(.peer(address, .online, other.certificate))]
    case .deposit(let to, let generation, let id, let message):
      guard to == other.identity.address, generation == 1 else { throw Refusal.wrongPeer }
      try check(message, id)
      isStored = true
      let sealed = try sealedMessage()
      return [
        try seal(.accepted(id)), try seal(.mail(from: other.identity.address, id: Self.number, sealed.bytes)),
      ]
    case .delivered(let from, let id):
      guard from == other.identity.address, id == Self.number, isStored else { throw Refusal.wrongContent }
      isDelivered = true
      return []
    case .frame(let to, let number, let body):
      guard to == other.identity.address, isDelivered else { throw Refusal.wrongPeer }
      let reply = try answer(body, number)
      return [try seal(.frame(from: to, session: Self.sessionNumber, reply.bytes))]
    default: throw Refusal.unexpectedFrame
    }
  }

  /// Opens what the image has sealed to the other device.
  private func check(_ message: RawSpan, _ id: MessageID) throws {
    var opened = [UInt8](repeating: 0, count: message.byteCount)
    var target = opened.mutableBytes
    let result = try other.identity.open(message, from: expected.fields.address, into: &target)
    guard result.certificate == expected, result.id == id, Array(opened[..<result.textLength]) == text else {
      throw Refusal.wrongContent
    }
  }

  private func sealedMessage() throws -> [UInt8] {
    let text = text
    var sealed = [UInt8](repeating: 0, count: text.count + SealedMessage.overhead)
    var target = sealed.mutableBytes
    let length = try other.identity.seal(text.bytes, id: Self.number, to: expected, into: &target)
    return Array(sealed[..<length])
  }

  /// The other device's next frame.
  private func answer(_ frame: RawSpan, _ number: UInt32) throws -> [UInt8] {
    guard session.isEstablished else {
      guard number == 0 else { throw Refusal.wrongContent }
      try session.start(other.identity, other: expected.fields.address)
      try session.readHandshake(frame, trust: other.identity.trust)
      var reply = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
      var target = reply.mutableBytes
      let length = try session.writeHandshake(other.identity, into: &target)
      return [UInt8](reply[..<length])
    }
    guard number == Self.sessionNumber else { throw Refusal.wrongContent }
    var received = [UInt8](copying: frame)
    var message = received.mutableBytes
    switch try session.open(&message) {
    case .message(let id, let said):
      guard said.byteCount == text.count else { throw Refusal.wrongContent }
      hasTalked = true
      return try seal(.acknowledgement(id))
    default: throw Refusal.wrongContent
    }
  }

  private func seal(_ record: consuming PeerRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: 64)
    var target = frame.mutableBytes
    let length = try session.seal(record, into: &target)
    return [UInt8](frame[..<length])
  }
}
