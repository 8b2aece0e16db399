// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

@testable import DeviceHost

/// A session whose other end is the test.
final class ScriptedSession: RecordSession {
  /// What was said to the server.
  enum Said: Equatable {
    case lookup(DeviceAddress)
    case deposit(to: DeviceAddress, MessageID, [UInt8])
    case delivered(from: DeviceAddress, MessageID)
    case open(to: DeviceAddress, MessageID, [UInt8])
    case channel(DeviceID, Generation, ChannelID, [UInt8])
    case report(ChannelRecord.Report, [UInt8])
    case taken(DeviceID, RequestID)
    case take(UInt32)
    case done([QueueSequence])
    case release(QueueSequence, isDead: Bool)
    case request(QueueRecord.Request, [UInt8])
    case find(DeviceID)
    case replay(QueueSequence)
    case other
  }

  private final class NoTransport {}

  let transport: AnyObject = NoTransport()
  var shouldReconnect = false
  var traffic: (sent: Int, received: Int) { (0, 0) }
  var lastHeard: ContinuousClock.Instant { .now }
  var onRefusedMessage: ((DeviceAddress, DeviceError) -> Void)?
  private var said: [Said] = []
  private(set) var pings = 0
  /// How many more records leave before the connection breaks.
  var left = Int.max

  func send(_ record: DeviceRecord) throws(DeviceHostError) {
    guard left > 0 else { throw .connectionLost(reason: "cut by the test") }
    left -= 1
    said.append(Said(record))
  }

  /// Everything since the last call.
  func take() -> [Said] {
    defer { said = [] }
    return said
  }

  func ping() throws(DeviceHostError) { pings += 1 }

  func suspend(
    timeout: Duration, _ prepare: (borrowing SecretBytes<32>, MessageID, Epoch) throws(SuspensionError) -> Suspension
  ) throws(DeviceHostError) -> (wakeUps: Int, reserve: UInt32) { throw .mayOnlyRenew }

  func receive(timeout: Duration) throws(DeviceHostError) -> SessionEvent? { nil }

  func receiveFrame(
    from peer: DeviceAddress, session: UInt32, _ body: [UInt8]
  ) throws(DeviceHostError) -> ReceivedMessage? { nil }

  func answer(_ message: ReceivedMessage, _ judgement: MessageJudgement, session: UInt32) throws(DeviceHostError) {
    try send(.delivered(from: message.from, id: message.id))
  }

  func send(
    _ body: [UInt8], to recipient: DeviceAddress, id: MessageID, timeout: Duration
  ) throws(DeviceHostError) -> Delivery { throw .closed }

  func receiveMessage(
    inbox: Inbox, timeout: Duration, deliver: (ReceivedMessage) -> Void
  ) throws(DeviceHostError) -> Bool { false }
}

extension ScriptedSession.Said {
  fileprivate init(_ record: DeviceRecord) {
    self =
      switch record {
      case .lookup(let address): .lookup(address)
      case .deposit(let to, _, let id, let body): .deposit(to: to, id, [UInt8](copying: body))
      case .delivered(let from, let id): .delivered(from: from, id)
      case .open(let to, let id, let body): .open(to: to, id, [UInt8](copying: body))
      case .channel(.open(let application, let generation, let channel, let opening)):
        .channel(application, generation, channel, [UInt8](copying: opening))
      case .channel(.report(let report, let body)): .report(report, [UInt8](copying: body))
      case .channel(.taken(let application, let request)): .taken(application, request)
      case .queue(.take(let bytes)): .take(bytes)
      case .queue(.done(let bytes)): .done(Self.sequences(bytes))
      case .queue(.release(let sequence, let isDead)): .release(sequence, isDead: isDead)
      case .queue(.request(let request, let body)): .request(request, [UInt8](copying: body))
      case .queue(.find(let device)): .find(device)
      case .queue(.replay(let sequence)): .replay(sequence)
      default: .other
      }
  }

  private static func sequences(_ bytes: RawSpan) -> [QueueSequence] {
    var sequences: [QueueSequence] = []
    QueueRecord.sequences(in: bytes) { sequences.append($0) }
    return sequences
  }
}
