// SPDX-License-Identifier: Apache-2.0

/// How often something may happen: a number of times a second in the long run, and a number of times at once after a rest.
public struct Rate: Sendable {
  public var perSecond: Double
  public var burst: Double

  public init(perSecond: Double, burst: Double) {
    self.perSecond = perSecond
    self.burst = burst
  }

  /// An amount for each day, at most `burst` of it at once.
  public static func perDay(_ amount: Double, burst: Double) -> Rate {
    Rate(perSecond: amount / 86_400, burst: burst)
  }
}

/// What is left of a ``Rate``. Time is given as nanoseconds of a clock that does not go back.
struct TokenBucket: Sendable {
  private let rate: Rate
  private var tokens: Double
  private var lastRefill: UInt64

  init(_ rate: Rate, at now: UInt64) {
    self.rate = rate
    tokens = rate.burst
    lastRefill = now
  }

  /// Takes `amount` if it is there.
  mutating func take(_ amount: Double = 1, at now: UInt64) -> Bool {
    refill(at: now)
    guard tokens >= amount else { return false }
    tokens -= amount
    return true
  }

  /// Takes `amount`, on credit if need be, and returns the nanoseconds until the debt is paid; nil when the debt would be more than
  /// a burst, and nothing is taken.
  mutating func spend(_ amount: Double = 1, at now: UInt64) -> UInt64? {
    refill(at: now)
    guard tokens - amount >= -rate.burst else { return nil }
    tokens -= amount
    return tokens >= 0 ? 0 : UInt64(-tokens / rate.perSecond * 1e9)
  }

  /// Whether nothing is missing: a new bucket is as good as this one.
  mutating func isFull(at now: UInt64) -> Bool {
    refill(at: now)
    return tokens >= rate.burst
  }

  private mutating func refill(at now: UInt64) {
    guard now > lastRefill else { return }
    tokens = min(rate.burst, tokens + rate.perSecond * Double(now - lastRefill) / 1e9)
    lastRefill = now
  }
}
