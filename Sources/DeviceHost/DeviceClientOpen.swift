// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

/// Messages that the server can read: for devices without a key pair, and from them.
extension DeviceClient {
  /// Hands on a message that the server can read, if that is allowed. Otherwise it stays where it is: the device may allow it
  /// later.
  func openMessage(from sender: DeviceAddress, id: MessageID, _ body: RawSpan) -> Event {
    guard allowsHopByHop else {
      onRefusedMessage?(sender, .notSealed)
      return .other
    }
    return .message(ReceivedMessage(inTheOpenFrom: sender, id: id, body))
  }

  /// Leaves a message with the server.
  func sendInTheOpen(
    _ body: [UInt8], to recipient: DeviceAddress, id: MessageID, deadline: ContinuousClock.Instant
  ) throws(DeviceHostError) -> Delivery {
    try send(.open(to: recipient, id: id, body.bytes))
    while let event = try receive(timeout: deadline - .now) {
      switch event {
      case .accepted(id): return Delivery(id: id, outcome: .stored, route: .hopByHop)
      case .refused(id, let refusal): throw .notStored(refusal)
      default: break
      }
    }
    throw .timedOut(waitingFor: "the server's receipt")
  }
}

extension ReceivedMessage {
  init(inTheOpenFrom sender: DeviceAddress, id: MessageID, _ body: RawSpan) {
    self.init(from: sender, generation: id.generation, id: id, route: .hopByHop, body: [UInt8](copying: body))
  }
}
