// SPDX-License-Identifier: Apache-2.0

import Foundation
import Wire

/// A message that one device wants kept for another.
package struct Deposit: Sendable {
  package let recipient: DeviceAddress
  package let sender: DeviceAddress
  package let id: MessageID
  /// The recipient's generation to whose key it is sealed; 0 for one that the server can read.
  package let generation: Generation
  package let body: Data

  package init(recipient: DeviceAddress, sender: DeviceAddress, id: MessageID, generation: Generation, body: Data) {
    self.recipient = recipient
    self.sender = sender
    self.id = id
    self.generation = generation
    self.body = body
  }

  package var isOpen: Bool { generation == 0 }

  /// The number of bytes it counts as.
  package var weight: Int { max(body.count, MailboxLimits.smallestCharge) }
}

/// A message that waits.
package struct WaitingMessage: Sendable {
  /// Its place in the order of arrival.
  package let sequence: Int64
  package let sender: DeviceAddress
  package let id: MessageID
  package let body: Data
  /// Whether it is not sealed: the server can read it.
  package let isOpen: Bool
}
