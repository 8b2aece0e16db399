// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import Records

/// A device that leaves message after message for another, of one byte each.
final class Flood {
  private let session: OpenSession
  private let sender: Correspondent
  private let recipient: Correspondent
  private var next: UInt64 = 1

  init(from sender: Correspondent, to recipient: Correspondent) throws {
    self.sender = sender
    self.recipient = recipient
    session = try sender.open()
  }

  /// Leaves so many, each before the one in front of it is answered.
  func deposit(_ count: Int) throws -> [Receipt] {
    let text: [UInt8] = [0]
    let generation = try recipient.generation
    let letters = try (0..<UInt64(count)).map { index in
      let id = try sender.number(next + index)
      // Nobody will read it: sealing it would be a waste.
      return recipient.peer == nil
        ? encoded(.open(to: recipient.address, id: id, text.bytes))
        : encoded(.deposit(to: recipient.address, generation: generation, id: id, text.bytes))
    }
    next += UInt64(count)
    return try Receipt.read(try session.ask(atOnce: letters))
  }

  /// Leaves as many as a mailbox holds and one more, and returns how many were stored.
  func fill() throws -> Int {
    try deposit(LiveServer.mailboxMessages + 1).count { $0 == .stored }
  }
}
