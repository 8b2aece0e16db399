// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Device
import Records
import Wire

/// A device's session with the server, whatever the device's scheme.
public protocol DeviceSession: AnyObject {
  /// Whether the server has given or certified a next key: a new session would use it.
  var shouldReconnect: Bool { get }
  /// Bytes sent and received so far, frame headers included.
  var traffic: (sent: Int, received: Int) { get }
  /// When something last came from the server.
  var lastHeard: ContinuousClock.Instant { get }
  /// Called for each message that was refused, and why; it is not delivered.
  var onRefusedMessage: ((DeviceAddress, DeviceError) -> Void)? { get set }

  /// Sends `body` to `recipient` and waits until its application has it, or until the server has stored it.
  func send(
    _ body: [UInt8], to recipient: DeviceAddress, id: MessageID, timeout: Duration
  ) throws(DeviceHostError) -> Delivery
  /// Waits for the next message that this device has not had; false when none was delivered in time.
  func receiveMessage(
    inbox: Inbox, timeout: Duration, deliver: (ReceivedMessage) -> Void
  ) throws(DeviceHostError) -> Bool
  /// Asks the server to suspend this session, with what `prepare` makes of the session's export, of the message numbers that were taken for it,
  /// and of the epoch, and waits until it has.
  func suspend(
    timeout: Duration, _ prepare: (borrowing SecretBytes<32>, MessageID, Epoch) throws(SuspensionError) -> Suspension
  ) throws(DeviceHostError) -> (wakeUps: Int, reserve: UInt32)
  /// Keeps an idle session open, and asks the server for an answer: see ``lastHeard``.
  func ping() throws(DeviceHostError)
}

extension DeviceClient: DeviceSession {
  public var lastHeard: ContinuousClock.Instant { socket.lastHeard }
}

extension SymmetricClient: DeviceSession {
  public var lastHeard: ContinuousClock.Instant { socket.lastHeard }
}
