// SPDX-License-Identifier: Apache-2.0

import Device
import DeviceHost
import Records

/// Where a device's messages arrive, by whichever way: the inbox that `listen` has, on the disk.
final class Letterbox {
  private let inbox: Inbox
  private let judges: Bool
  /// What the application has.
  private(set) var delivered: [[UInt8]] = []

  init(in world: World) throws {
    inbox = try Inbox(path: try world.books().file("letterbox.inbox"))
    judges = !world.weaknesses.contains(.noJudgement)
  }

  /// Takes a message, and returns what its sender is told.
  func take(_ message: ReceivedMessage) throws -> MessageJudgement {
    guard judges else { return try takeUnjudged(message) }
    var told = MessageJudgement.repeated
    _ = try inbox.take(message) {
      delivered.append($0.body)
    } answer: {
      told = $0
    }
    return told
  }

  /// The weakness `noJudgement`: any number is remembered, and one that is too old is acknowledged like one that was had before.
  private func takeUnjudged(_ message: ReceivedMessage) throws -> MessageJudgement {
    guard inbox.isNew(message.id, from: message.from) else { return .repeated }
    delivered.append(message.body)
    try inbox.remember(message.id, from: message.from)
    return .deliver
  }
}

extension MessageJudgement {
  var words: String {
    switch self {
    case .deliver: "delivered and acknowledged"
    case .repeated: "acknowledged, for it was had before"
    case .refuse(.tooOld): "refused, too old"
    case .refuse(.impossibleNumber): "refused, impossible number"
    }
  }
}
