// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The other device of a direct conversation: Noise_XX, certificates or identity-based credentials both ways, one message and
/// its acknowledgement.
final class DirectConversation: Conversation {
  let page: [UInt8]
  let publicKey: X25519.PublicKey
  private let mine: FleetDevice
  private let imageAddress: DeviceAddress
  private var session: PeerSession
  private let role: Role
  private let scheme: SchemeID
  private(set) var isComplete = false

  init(_ fleet: Fleet, _ role: Role, _ scheme: SchemeID = .certified) throws {
    let image = try fleet.device(DeviceID(1), scheme: scheme)
    page = image.page
    imageAddress = image.identity.address
    mine = try fleet.peer(scheme: scheme)
    publicKey = try mine.certificate.publicKey
    self.role = role
    self.scheme = scheme
    session = PeerSession(direct: role)
    try session.start(mine.identity, other: nil)
  }

  func open() throws -> [[UInt8]] { try speak() }

  func receive(_ frame: [UInt8]) throws -> [[UInt8]] {
    guard session.isEstablished else {
      try session.readHandshake(frame.bytes, trust: mine.identity.trust)
      guard let shown = session.peer, session.isEstablished else { return try speak() }
      guard shown.fields.address == imageAddress, (shown.signature == nil) == (scheme == .identityBased) else {
        throw Refusal.wrongPeer
      }
      return try speak()
    }
    var frame = frame
    var message = frame.mutableBytes
    isComplete = true
    switch try session.open(&message) {
    case .message(let id, let text):
      guard text.byteCount == 64 else { throw Refusal.wrongContent }
      return [try seal(.acknowledgement(id))]
    case .acknowledgement(let id):
      guard id == MessageID(77) else { throw Refusal.wrongContent }
      return []
    case .refusal: throw Refusal.wrongContent
    }
  }

  /// Whatever this side has to say now: its next handshake message, and once that ended the session's first message.
  private func speak() throws -> [[UInt8]] {
    var frames = [[UInt8]]()
    if !session.isEstablished && session.isMyTurn {
      var frame = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
      var target = frame.mutableBytes
      let length = try session.writeHandshake(mine.identity, into: &target)
      frames.append([UInt8](frame[..<length]))
    }
    if session.isEstablished && role == .initiator {
      let text = [UInt8](repeating: 0x2A, count: 64)
      frames.append(try seal(.message(MessageID(77), text.bytes)))
    }
    return frames
  }

  private func seal(_ record: consuming PeerRecord) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: 128)
    var target = frame.mutableBytes
    let length = try session.seal(record, into: &target)
    return [UInt8](frame[..<length])
  }
}
