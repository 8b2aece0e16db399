// SPDX-License-Identifier: Apache-2.0

import Credentials
import Mailbox
import Wire

/// Who has filled whose mailbox, as far as it was recently noticed: a deposit that would be refused again costs only a look-up
/// here.
struct FullMailboxes: Sendable {
  private static let capacity = 16_384

  private var recipients: [DeviceAddress: [DeviceAddress: FullMailbox]] = [:]
  private var count = 0

  func refuses(_ deposit: Deposit, at now: Int64) -> Bool {
    guard let full = recipients[deposit.recipient]?[deposit.sender] else { return false }
    return now < full.until && deposit.weight >= full.weight && deposit.id.rawValue > full.lastID
  }

  mutating func insert(_ full: FullMailbox, for deposit: Deposit) {
    if count >= Self.capacity { self = FullMailboxes() }
    if recipients[deposit.recipient, default: [:]].updateValue(full, forKey: deposit.sender) == nil { count += 1 }
  }

  /// Something has left this mailbox.
  mutating func forget(_ recipient: DeviceAddress) { count -= recipients.removeValue(forKey: recipient)?.count ?? 0 }
}
