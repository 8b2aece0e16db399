// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Wire

/// Which conversation a relayed frame belongs to.
struct ConversationKey: Hashable {
  let peer: DeviceAddress
  let session: UInt32
}

/// A session with another device, in a place that does not move.
final class Conversation {
  var session: PeerSession
  /// When it began, so that the oldest can make room.
  let start = ContinuousClock.now

  init(_ session: consuming PeerSession) {
    self.session = session
  }
}

extension DeviceClient {
  /// How many conversations others may have open with this device at once; the oldest ends first.
  static let maximumConversationCount = 256

  /// Handles a frame of a conversation that another device opened, or opens with it.
  func receiveFrame(
    from peer: DeviceAddress, session: UInt32, _ body: [UInt8]
  ) throws(DeviceHostError) -> ReceivedMessage? {
    let key = ConversationKey(peer: peer, session: session)
    do throws(DeviceHostError) {
      guard let conversation = conversations[key], conversation.session.isEstablished, body.first == 0x03 else {
        try accept(key, body)
        return nil
      }
      try store.read { identity throws(DeviceError) in try conversation.session.checkPeer(identity.trust) }
      var frame = body
      var span = frame.mutableBytes
      let record: PeerRecord
      do { record = try conversation.session.open(&span) } catch { throw .device(error) }
      guard case .message(let id, let text) = record, let certificate = conversation.session.peer else { return nil }
      onPeerCertificate?(certificate)
      return ReceivedMessage(
        from: peer, generation: certificate.fields.generation, id: id, route: .online, body: [UInt8](copying: text))
    } catch {
      guard case .device = error else { throw error }
      // Not ours to read: the key may have changed. The other side looks this device up again.
      conversations[key] = nil
      let rejection = [PeerSession.rejection]
      if body.first != PeerSession.rejection, rejections.allows(peer, at: .now) {
        try send(.frame(to: peer, session: session, rejection.bytes))
      }
      return nil
    }
  }

  /// Answers the first message of a conversation.
  private func accept(_ key: ConversationKey, _ body: [UInt8]) throws(DeviceHostError) {
    let conversation = Conversation(PeerSession(answering: body.bytes))
    var reply = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
    let length = try store.read { identity throws(DeviceError) in
      try conversation.session.start(identity, other: key.peer)
      try conversation.session.readHandshake(body.bytes, trust: identity.trust)
      var span = reply.mutableBytes
      return try conversation.session.writeHandshake(identity, into: &span)
    }
    if conversations.count >= Self.maximumConversationCount,
      let oldest = conversations.min(by: { $0.value.start < $1.value.start })
    {
      conversations[oldest.key] = nil
    }
    conversations[key] = conversation
    if let certificate = conversation.session.peer { try meet(certificate) }
    try send(.frame(to: key.peer, session: key.session, reply.bytes.extracting(0..<length)))
  }

  /// Tells the sender what became of its message.
  func answer(
    _ message: ReceivedMessage, _ judgement: MessageJudgement, session: UInt32
  ) throws(DeviceHostError) {
    switch message.route {
    case .mailbox, .hopByHop, .channel:
      // What was refused would never be taken: the mailbox should not offer it again.
      try send(.delivered(from: message.from, id: message.id))
    case .online, .direct:
      guard let conversation = conversations[ConversationKey(peer: message.from, session: session)] else { return }
      var frame = [UInt8](repeating: 0, count: 64)
      var span = frame.mutableBytes
      let length: Int
      do { length = try conversation.session.seal(PeerRecord(judgement, of: message.id), into: &span) } catch {
        throw .device(error)
      }
      try send(.frame(to: message.from, session: session, frame.bytes.extracting(0..<length)))
    }
  }
}

extension PeerRecord {
  /// What the sender of a message is told.
  @_lifetime(immortal)
  init(_ judgement: MessageJudgement, of id: MessageID) {
    if case .refuse(let reason) = judgement { self = .refusal(id, reason) } else { self = .acknowledgement(id) }
  }
}
