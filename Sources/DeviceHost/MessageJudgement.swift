// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Records
import Wire

/// What to do with a message.
public enum MessageJudgement: Equatable, Sendable {
  /// The application gets it.
  case deliver
  /// The application has had it: say so again.
  case repeated
  /// The application does not get it, and the sender is told why.
  case refuse(MessageRefusal)
}

extension Inbox {
  /// Judges a message, however it arrived. If its number has a generation that the sender's certificate does not have, the sender
  /// did not draw it: remembered, it would use up the numbers of a future key.
  public func judge(_ message: ReceivedMessage) -> MessageJudgement {
    guard message.id.generation <= message.generation else { return .refuse(.impossibleNumber) }
    switch status(of: message.id, from: message.from) {
    case .new: return .deliver
    case .delivered: return .repeated
    case .tooOld: return .refuse(.tooOld)
    }
  }

  /// Judges a message and does what follows, in this order: the application gets it, it is remembered, the sender is told. Nothing
  /// is acknowledged that was not handed over.
  ///
  /// - Parameters:
  ///   - deliver: gives it to the application.
  ///   - answer: tells whoever sent it what became of it.
  /// - Returns: whether the application got it now.
  public func take(
    _ message: ReceivedMessage, deliver: (ReceivedMessage) -> Void,
    answer: (MessageJudgement) throws(DeviceHostError) -> Void
  ) throws(DeviceHostError) -> Bool {
    let judgement = judge(message)
    if judgement == .deliver {
      deliver(message)
      try remember(message.id, from: message.from)
    }
    try answer(judgement)
    return judgement == .deliver
  }
}
