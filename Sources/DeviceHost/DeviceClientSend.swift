// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Wire

/// Sending: to an online peer inside a session with it, to a sleeping peer sealed, in its mailbox.
extension DeviceClient {
  /// Reserves the number of a message. A retry under the same number remains one message.
  public func nextMessageID() throws(DeviceHostError) -> MessageID {
    try store.update { identity throws(DeviceError) in try identity.nextMessageID() }
  }

  /// Sends `body` to `recipient` and waits until its application has it, or until the server has stored it.
  public func send(
    _ body: [UInt8], to recipient: DeviceAddress, id: MessageID, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> Delivery {
    guard body.count <= Message.maximumLength else { throw .device(.messageTooLong) }
    guard !mayOnlyRenew else { throw .mayOnlyRenew }
    let deadline = ContinuousClock.now + timeout
    for attempt in 0..<2 {
      let (presence, found) = try lookUp(recipient, deadline: deadline)
      guard let certificate = found else {
        guard allowsHopByHop else { throw .unsealable(recipient) }
        return try sendInTheOpen(body, to: recipient, id: id, deadline: deadline)
      }
      if presence == .online, attempt == 0,
        try converse(body, id: id, with: certificate, timeout: (deadline - .now) / 2)
      {
        return Delivery(id: id, outcome: .delivered, route: .online)
      }
      if try deposit(body, id: id, for: certificate, deadline: deadline) {
        return Delivery(id: id, outcome: .stored, route: .mailbox)
      }
    }
    throw .notStored(.staleCertificate)
  }

  /// Asks the server for a peer and verifies the certificate it gives; none for a device without a key pair.
  private func lookUp(
    _ address: DeviceAddress, deadline: ContinuousClock.Instant
  ) throws(DeviceHostError) -> (ServerRecord.Presence, Certificate?) {
    try send(.lookup(address))
    while let event = try receive(timeout: deadline - .now) {
      guard case .peer(address, let presence, let certificate) = event else { continue }
      guard presence != .unknown else { throw .unknownPeer(address) }
      guard let certificate else { return (presence, nil) }
      guard certificate.fields.address == address else { throw .device(.subjectMismatch) }
      try store.read { identity throws(DeviceError) in
        do throws(CredentialsError) {
          try identity.trust.verify(certificate, isInitiator: false, isVouchedFor: true)
        } catch { throw .credentials(error) }
      }
      onPeerCertificate?(certificate)
      try meet(certificate)
      return (presence, certificate)
    }
    throw .timedOut(waitingFor: "the server's answer about the recipient")
  }

  /// Runs a handshake with the peer and sends the message inside; false when the peer does not answer, or cannot.
  private func converse(
    _ body: [UInt8], id: MessageID, with certificate: Certificate, timeout: Duration
  ) throws(DeviceHostError) -> Bool {
    let peer = certificate.fields.address
    let deadline = ContinuousClock.now + timeout
    let conversation = Conversation(PeerSession(relayed: .initiator, peer: certificate))
    var frame = [UInt8](repeating: 0, count: body.count + 256)
    var length = try store.read { identity throws(DeviceError) in
      try conversation.session.start(identity, other: peer)
      var span = frame.mutableBytes
      return try conversation.session.writeHandshake(identity, into: &span)
    }
    try send(.frame(to: peer, session: 0, frame.bytes.extracting(0..<length)))

    while let event = try receive(timeout: deadline - .now) {
      switch event {
      case .unreachable(peer): return false
      case .frame(peer, let session, let bytes) where bytes.first == PeerSession.rejection:
        _ = session
        return false
      case .frame(peer, let session, let bytes):
        do throws(DeviceHostError) {
          if !conversation.session.isEstablished {
            try store.read { identity throws(DeviceError) in
              try conversation.session.readHandshake(bytes.bytes, trust: identity.trust)
            }
            var span = frame.mutableBytes
            do { length = try conversation.session.seal(.message(id, body.bytes), into: &span) } catch {
              throw .device(error)
            }
            try send(.frame(to: peer, session: session, frame.bytes.extracting(0..<length)))
          } else {
            var reply = bytes
            var span = reply.mutableBytes
            let record: PeerRecord
            do { record = try conversation.session.open(&span) } catch { throw .device(error) }
            switch record {
            case .acknowledgement(id): return true
            case .refusal(id, let reason): throw .notTaken(reason)
            default: break
            }
          }
        } catch {
          // A frame that is not of this conversation, or was altered on the way: keep waiting.
          guard case .device = error else { throw error }
        }
      default: break
      }
    }
    return false
  }

  /// Seals the message to the peer's certificate and leaves it in the mailbox; false when the key has changed meanwhile.
  private func deposit(
    _ body: [UInt8], id: MessageID, for recipient: Certificate, deadline: ContinuousClock.Instant
  ) throws(DeviceHostError) -> Bool {
    var sealed = [UInt8](repeating: 0, count: body.count + SealedMessage.overhead)
    let length = try store.read { identity throws(DeviceError) in
      var span = sealed.mutableBytes
      return try identity.seal(body.bytes, id: id, to: recipient, into: &span)
    }
    try send(
      .deposit(
        to: recipient.fields.address, generation: recipient.fields.generation, id: id,
        sealed.bytes.extracting(0..<length)))
    while let event = try receive(timeout: deadline - .now) {
      switch event {
      case .accepted(id): return true
      case .refused(id, .staleCertificate): return false
      case .refused(id, let refusal): throw .notStored(refusal)
      default: break
      }
    }
    throw .timedOut(waitingFor: "the server's receipt")
  }
}
