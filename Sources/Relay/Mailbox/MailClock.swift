// SPDX-License-Identifier: Apache-2.0

import Mailbox

/// The time by which messages age: the time during which a server runs.
///
/// An acknowledged message must not be lost because a clock was wrong and then corrected, or the other way round. So the system's
/// time is read once, while the mailbox is empty. From then on seconds pass as the processor counts them, and after a restart
/// they continue from the last message that came or went. A message never ages faster than that; while no server runs it does not
/// age.
final class MailClock: Sendable {
  private let start: Int64
  private let began: UInt64
  private let uptime: @Sendable () -> UInt64

  /// - Parameters:
  ///   - wall: seconds since 1970 by the system's clock.
  ///   - uptime: nanoseconds of a clock that does not go back.
  init(
    _ mailbox: any MailStore, wall: @Sendable () -> Int64, uptime: @escaping @Sendable () -> UInt64
  ) throws(MailboxError) {
    start = try mailbox.lastTime() ?? wall()
    self.uptime = uptime
    began = uptime()
  }

  /// Seconds since 1970, if the system's clock was right when the first message came.
  func now() -> Int64 {
    let passed = uptime()
    return start + Int64(clamping: (passed > began ? passed - began : 0) / 1_000_000_000)
  }
}
