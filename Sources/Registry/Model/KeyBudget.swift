// SPDX-License-Identifier: Apache-2.0

/// How many next keys a device may ask for of its own accord. Each uses up one of 65,534 generations and adds a permanent line to
/// the issuance log. What the owner orders costs nothing.
///
/// A credit is kept in the row and refilled by the clock. A clock that jumps, ahead or back, at most fills it.
public struct KeyBudget: Equatable, Sendable {
  /// Keys that may be asked for at once.
  public let burst: Int64
  /// Seconds after which one more may be.
  public let interval: Int64

  public init(burst: Int64, interval: Int64) {
    self.burst = burst
    self.interval = interval
  }

  /// 8 at once, then one an hour.
  public static let device = KeyBudget(burst: 8, interval: 3600)
  /// 4,096 at once for a whole system, then one a second.
  public static let system = KeyBudget(burst: 4096, interval: 1)

  /// 8 keys at once that all devices of a system share, then one a day: 65,534 of them last 179 years.
  public static let sharedKey = KeyBudget(burst: 8, interval: 86_400)

  /// What is left of a credit, and since when.
  struct Credit: Equatable {
    var left: Int64
    var since: Int64
  }

  /// A credit last written as `credit`, as it is at `now`.
  func refill(_ credit: Credit, at now: Int64) -> Credit {
    guard now >= credit.since else { return Credit(left: burst, since: now) }
    let earned = (now - credit.since) / interval
    let left = min(burst, credit.left + min(earned, burst))
    return Credit(left: left, since: left == burst ? now : credit.since + earned * interval)
  }

  /// The credit without one key; nil when there is none left.
  func spend(_ credit: Credit, at now: Int64) -> Credit? {
    let current = refill(credit, at: now)
    guard current.left > 0 else { return nil }
    return Credit(left: current.left - 1, since: current.since)
  }

  /// Seconds until there is one again, at least 1.
  func wait(_ credit: Credit, at now: Int64) -> Int64 {
    max(1, refill(credit, at: now).since + interval - now)
  }
}
