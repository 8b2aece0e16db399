// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device

/// Listening: messages that others send, online or from the mailbox.
extension DeviceClient {
  /// Waits for the next message that this device has not had, up to `timeout`.
  ///
  /// `deliver` gives it to the application; once it returns, the message is remembered in `inbox` and acknowledged. A message
  /// that was delivered before is acknowledged again and not delivered.
  ///
  /// - Returns: false when nothing was delivered in time.
  public func receiveMessage(
    inbox: Inbox, timeout: Duration, deliver: (ReceivedMessage) -> Void
  ) throws(DeviceHostError) -> Bool {
    let deadline = ContinuousClock.now + timeout
    repeat {
      guard let event = try receive(timeout: deadline - .now) else { return false }
      var session: UInt32 = 0
      let message: ReceivedMessage?
      switch event {
      case .message(let mail): message = mail
      case .frame(let from, let number, let body):
        session = number
        message = try receiveFrame(from: from, session: number, body)
      default: message = nil
      }
      if shouldReconnect { return false }
      guard let message else { continue }
      let wasNew = try inbox.take(message, deliver: deliver) { judgement throws(DeviceHostError) in
        if case .refuse(let reason) = judgement { onRefusedMessage?(message.from, .notTaken(reason)) }
        try answer(message, judgement, session: session)
      }
      if wasNew { return true }
    } while ContinuousClock.now < deadline
    return false
  }
}
