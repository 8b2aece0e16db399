// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import CountersignCrypto
import Noise
import Records
import Wire

/// A connection of two devices' own, where no server is.
final class DirectLine {
  private let from: Peer
  private var mine = PeerSession(direct: .initiator)
  private var theirs = PeerSession(direct: .responder)

  init(from: Peer, to other: Peer) throws {
    self.from = from
    try mine.start(from.identity, other: nil)
    try theirs.start(other.identity, other: nil)
    let first = try frame { try mine.writeHandshake(from.identity, into: &$0) }
    try theirs.readHandshake(first.bytes, trust: other.identity.trust)
    let second = try frame { try theirs.writeHandshake(other.identity, into: &$0) }
    try mine.readHandshake(second.bytes, trust: from.identity.trust)
    let third = try frame { try mine.writeHandshake(from.identity, into: &$0) }
    try theirs.readHandshake(third.bytes, trust: other.identity.trust)
  }

  /// Says `text`, and returns what the other side read.
  func say(_ text: [UInt8], id: MessageID = MessageID(1)) throws -> ReceivedMessage {
    var message = try frame { try mine.seal(.message(id, text.bytes), into: &$0) }
    var span = message.mutableBytes
    guard case .message(let id, let body) = try theirs.open(&span), let peer = theirs.peer else {
      throw LaboratoryError.nothingToShow
    }
    return ReceivedMessage(
      from: peer.fields.address, generation: peer.fields.generation, id: id, route: .direct,
      body: [UInt8](copying: body))
  }
}
