import Credentials

/// Who has filled whose mailbox, as far as it was noticed lately: a deposit that would be refused again costs a look-up here and
/// nothing else.
struct FullMailboxes: Sendable {
  /// Why nothing new has room.
  struct Full: Sendable {
    /// When, by the mailbox's clock, the first of what waits expires.
    let until: Int64
    /// Bytes that the refused message counted as; a smaller one may have room.
    let weight: Int
    /// The last number stored of this sender's messages: one below it may be a repetition, which is no new message.
    let lastID: UInt64
  }

  private static let capacity = 16_384

  private var recipients: [DeviceAddress: [DeviceAddress: Full]] = [:]
  private var count = 0

  func refuses(_ deposit: Deposit, at now: Int64) -> Bool {
    guard let full = recipients[deposit.recipient]?[deposit.sender] else { return false }
    return now < full.until && deposit.weight >= full.weight && deposit.id.rawValue > full.lastID
  }

  mutating func insert(_ full: Full, for deposit: Deposit) {
    if count >= Self.capacity { self = FullMailboxes() }
    if recipients[deposit.recipient, default: [:]].updateValue(full, forKey: deposit.sender) == nil { count += 1 }
  }

  /// Something has left this mailbox.
  mutating func forget(_ recipient: DeviceAddress) { count -= recipients.removeValue(forKey: recipient)?.count ?? 0 }
}

extension Deposit {
  /// Bytes as which it counts.
  var weight: Int { max(body.count, MailboxLimits.smallestCharge) }
}
