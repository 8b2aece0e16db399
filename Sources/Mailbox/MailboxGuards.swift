// SPDX-License-Identifier: Apache-2.0

/// What keeps one device's mail from harming the others. Every server has all of it: nothing outside this package can leave any
/// out, and inside it only the laboratory does, where an attack must be seen to win.
package struct MailboxGuards: OptionSet, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// One sender may have as many messages waiting as are free, and no more.
  package static let shares = MailboxGuards(rawValue: 1 << 0)
  /// Who has filled whose mailbox is remembered: see ``FullMailboxes``.
  package static let memory = MailboxGuards(rawValue: 1 << 1)
  /// Mail of a sender that is revoked is dropped: see ``SenderTrust``.
  package static let withholding = MailboxGuards(rawValue: 1 << 2)
  /// Messages age while a server runs, whatever the system's clock says: see ``MailClock``.
  package static let runningTime = MailboxGuards(rawValue: 1 << 3)

  package static let all: MailboxGuards = [.shares, .memory, .withholding, .runningTime]
}
