// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

/// Messages of a device without a key pair. The server can read all of them.
extension SymmetricClient {
  /// Leaves `body` with the server for `recipient`.
  public func send(
    _ body: [UInt8], to recipient: DeviceAddress, id: MessageID, timeout: Duration = .seconds(10)
  ) throws(DeviceHostError) -> Delivery {
    guard body.count <= Message.maximumLength else { throw .device(.messageTooLong) }
    let deadline = ContinuousClock.now + timeout
    try send(.open(to: recipient, id: id, body.bytes))
    while let event = try receive(timeout: deadline - .now) {
      switch event {
      case .accepted(id): return Delivery(id: id, outcome: .stored, route: .hopByHop)
      case .refused(id, .unknownRecipient): throw .unknownPeer(recipient)
      case .refused(id, let refusal): throw .notStored(refusal)
      default: break
      }
    }
    throw .timedOut(waitingFor: "the server's receipt")
  }

  public func receiveMessage(
    inbox: Inbox, timeout: Duration, deliver: (ReceivedMessage) -> Void
  ) throws(DeviceHostError) -> Bool {
    let deadline = ContinuousClock.now + timeout
    repeat {
      guard let event = try receive(timeout: deadline - .now) else { return false }
      if shouldReconnect { return false }
      guard case .message(let message) = event else { continue }
      let wasNew = try inbox.take(message, deliver: deliver) { judgement throws(DeviceHostError) in
        if case .refuse(let reason) = judgement { onRefusedMessage?(message.from, .notTaken(reason)) }
        // What was refused would never be taken: the mailbox should not offer it again.
        try send(.delivered(from: message.from, id: message.id))
      }
      if wasNew { return true }
    } while ContinuousClock.now < deadline
    return false
  }

  /// Asks for a new key and uses it once; only then is the old one overwritten, on both sides. An interrupted rotation resumes
  /// where it stopped.
  public static func rotate(
    _ store: SymmetricStore, at endpoint: Endpoint, timeout: Duration = .seconds(30)
  ) throws(DeviceHostError) -> DeviceClient.Rotation {
    let deadline = ContinuousClock.now + timeout
    let before = try store.read { $0.generation }
    var client = try connect(store, to: endpoint, listens: false, timeout: timeout)
    if try store.read({ $0.generation }) == before {
      try client.send(.rekey)
      while !client.shouldReconnect {
        guard let event = try client.receive(timeout: deadline - .now) else {
          throw .timedOut(waitingFor: "the new key")
        }
        if case .keyRefused(let reason, let seconds) = event { throw .keyRefused(reason, retryAfter: seconds) }
      }
      client = try connect(store, to: endpoint, listens: false, timeout: deadline - .now)
    }
    return DeviceClient.Rotation(before: before, after: try store.read { $0.generation })
  }
}
