// SPDX-License-Identifier: Apache-2.0

import Records
import Wire

/// An application as a device addresses it.
public enum ApplicationName: Hashable, Sendable {
  /// The default of the device's system.
  case standard
  /// 1 to 63 characters of a-z, 0-9 and -, as it was added.
  case named(String)
}

/// What a task wants sent: it is told what became of it.
struct Outgoing: Sendable {
  enum Target: Sendable {
    case device(DeviceAddress)
    case application(ApplicationName)
    /// The answer to a request.
    case answer(application: DeviceID, RequestID)
  }

  let ticket: UInt64
  let target: Target
  let body: [UInt8]
  /// Whether to wait until the application has it done.
  let wantsDone: Bool
  let deadline: ContinuousClock.Instant?
  let finish: @Sendable (Result<Delivery, any Error>) -> Void
}

/// Something that is on its way, on the session's thread.
final class PendingMessage {
  let outgoing: Outgoing
  /// The number that it keeps however often it is sent.
  var id: MessageID?
  /// The channel that it was sealed for last.
  var channel: ChannelID?
  var attempts = 0
  /// When to send it again.
  var retryAt: ContinuousClock.Instant?
  /// What the server said when it took it last time: the queue is full, for so many seconds.
  var later: UInt32?
  var isOver = false

  init(_ outgoing: Outgoing) { self.outgoing = outgoing }

  func finish(_ result: Result<Delivery, any Error>) {
    guard !isOver else { return }
    isOver = true
    outgoing.finish(result)
  }
}
