// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Records
import Wire

/// Something that happened in a session with the server and that its user may wait for.
enum SessionEvent {
  case peer(DeviceAddress, ServerRecord.Presence, Certificate?)
  case accepted(MessageID)
  case refused(MessageID, ServerRecord.Refusal)
  case frame(from: DeviceAddress, session: UInt32, [UInt8])
  case unreachable(DeviceAddress)
  case message(ReceivedMessage)
  case keyRefused(KeyRefusal, retryAfter: UInt32)
  case suspended(wakeUps: Int, reserve: UInt32)
  /// Answers `ping`: whatever the server had to say before is here.
  case pong
  case application(isDefault: Bool, Certificate, name: String)
  case channelRefused(ChannelID, ChannelNotice.Refusal)
  case later(MessageID, seconds: UInt32)
  case done(MessageID)
  case request(ChannelNotice.Request, [UInt8])
  case opening(DeviceAddress, generation: Generation, ChannelID, [UInt8])
  case report(QueueNotice.Report, [UInt8])
  case requestState(RequestID, RequestState)
  case presence(DeviceAddress, QueueNotice.Event, milliseconds: UInt64)
  /// Handled here; nothing to do.
  case other

  init(_ notice: borrowing ChannelNotice) {
    switch notice {
    case .application(let isDefault, let certificate, let name):
      self = .application(
        isDefault: isDefault, certificate, name: String(decoding: [UInt8](copying: name), as: UTF8.self))
    case .channelRefused(let id, let reason): self = .channelRefused(id, reason)
    case .later(let id, let seconds): self = .later(id, seconds: seconds)
    case .done(let id): self = .done(id)
    case .request(let request, let sealed): self = .request(request, [UInt8](copying: sealed))
    }
  }

  init(_ notice: borrowing QueueNotice) {
    switch notice {
    case .opening(let device, let generation, let channel, let opening):
      self = .opening(device, generation: generation, channel, [UInt8](copying: opening))
    case .report(let report, let body): self = .report(report, [UInt8](copying: body))
    case .requestState(let id, let state): self = .requestState(id, state)
    case .presence(let device, let event, let milliseconds): self = .presence(device, event, milliseconds: milliseconds)
    }
  }
}

extension QueueNotice {
  /// Bytes of the record of an opening without the opening.
  static let openingOverhead = 23
}
