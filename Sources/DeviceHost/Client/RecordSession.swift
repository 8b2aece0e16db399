// SPDX-License-Identifier: Apache-2.0

import Device
import Records
import Wire

/// A session with the server, record by record: what a client that never waits for one answer alone needs of it.
protocol RecordSession: DeviceSession {
  /// What carries the session's frames.
  var transport: AnyObject { get }
  /// Seals and sends one record.
  func send(_ record: DeviceRecord) throws(DeviceHostError)
  /// Waits for the next record, obeys it, and says what it was; nil when none came in time.
  func receive(timeout: Duration) throws(DeviceHostError) -> SessionEvent?
  /// Handles a frame of a conversation with another device; a message in it, if there is one.
  func receiveFrame(
    from peer: DeviceAddress, session: UInt32, _ body: [UInt8]
  ) throws(DeviceHostError) -> ReceivedMessage?
  /// Tells the sender what became of its message.
  func answer(_ message: ReceivedMessage, _ judgement: MessageJudgement, session: UInt32) throws(DeviceHostError)
}

extension DeviceClient: RecordSession {
  var transport: AnyObject { socket }
}

extension SymmetricClient: RecordSession {
  var transport: AnyObject { socket }

  func receiveFrame(
    from peer: DeviceAddress, session: UInt32, _ body: [UInt8]
  ) throws(DeviceHostError) -> ReceivedMessage? { nil }

  func answer(_ message: ReceivedMessage, _ judgement: MessageJudgement, session: UInt32) throws(DeviceHostError) {
    try send(.delivered(from: message.from, id: message.id))
  }
}
