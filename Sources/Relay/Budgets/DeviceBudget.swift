// SPDX-License-Identifier: Apache-2.0

import Credentials
import Synchronization
import Wire

/// What a connection was made to rest for, or a session or a frame refused; the label `budget`.
enum Budget: String, CaseIterable, Sendable {
  case records
  case bytes
  case lookups
  case deposits
  case confirmations
  case keys
  case sessions
  /// Conversations opened.
  case openings
  /// Bytes of mail in a day.
  case mail
  /// Channels opened to applications.
  case channels
  /// Requests of an application.
  case requests
  /// Replays of an application's queue.
  case replays
  /// Deposits that wait for the disk.
  case queue
  /// The system's share while the server is busy.
  case system
}

/// What must be done before a record is carried out.
package struct Toll: Sendable {
  /// Nanoseconds that the connection rests first.
  package private(set) var rest: UInt64 = 0
  /// The budget that was used up, if one was.
  private(set) var budget: Budget?
  /// Whether the device already owes so much that nothing more is accepted from it.
  package private(set) var isRefused = false
  /// Whether the budget of the device's system allows a deposit.
  var isAffordable = true { didSet { if !isAffordable { budget = .mail } } }

  /// - Parameter rest: nanoseconds; nil for never.
  mutating func add(_ rest: UInt64?, _ budget: Budget) {
    if rest == nil { isRefused = true }
    guard (rest ?? .max) > self.rest else { return }
    self.rest = rest ?? .max
    self.budget = budget
  }
}

/// What one device has left of its budgets.
package final class DeviceBudget: Sendable {
  private struct State {
    var records: TokenBucket
    var bytes: TokenBucket
    var lookups: TokenBucket
    var deposits: TokenBucket
    var confirmations: TokenBucket
    var keys: TokenBucket
    var channels: TokenBucket
    var requests: TokenBucket
    var replays: TokenBucket
    var sessions: TokenBucket
    var mail: TokenBucket
    var assuredMail: TokenBucket
    var openingsReceived: TokenBucket
    var openings: [DeviceAddress: TokenBucket] = [:]

    init(_ limits: DeviceLimits, at now: UInt64) {
      records = TokenBucket(limits.records, at: now)
      bytes = TokenBucket(limits.bytes, at: now)
      lookups = TokenBucket(limits.lookups, at: now)
      deposits = TokenBucket(limits.deposits, at: now)
      confirmations = TokenBucket(limits.confirmations, at: now)
      keys = TokenBucket(limits.keys, at: now)
      channels = TokenBucket(limits.channels, at: now)
      requests = TokenBucket(limits.requests, at: now)
      replays = TokenBucket(limits.replays, at: now)
      sessions = TokenBucket(limits.sessionsBegun, at: now)
      mail = TokenBucket(limits.mailBytes, at: now)
      assuredMail = TokenBucket(limits.assuredMailBytes, at: now)
      openingsReceived = TokenBucket(limits.openingsReceived, at: now)
    }
  }

  private let limits: DeviceLimits
  private let state: Mutex<State>
  /// Bytes of other devices' frames that wait for this one to read them, over all its sessions.
  let waiting = AtomicCount()
  /// Sessions that are charged here. While there are any, the budget is kept: a second budget beside it would double it.
  let sessions = AtomicCount()

  init(_ limits: DeviceLimits, at now: UInt64) {
    self.limits = limits
    state = Mutex(State(limits, at: now))
  }

  /// Charges for a record that has its own budget, or none.
  func charge(_ kind: Budget?, bytes: Int, at now: UInt64) -> Toll {
    state.withLock { state in
      var toll = Toll()
      toll.add(state.records.spend(at: now), .records)
      toll.add(state.bytes.spend(Double(bytes), at: now), .bytes)
      switch kind {
      case .lookups: toll.add(state.lookups.spend(at: now), .lookups)
      case .deposits: toll.add(state.deposits.spend(at: now), .deposits)
      case .confirmations: toll.add(state.confirmations.spend(at: now), .confirmations)
      case .keys: toll.add(state.keys.spend(at: now), .keys)
      case .channels: toll.add(state.channels.spend(at: now), .channels)
      case .requests: toll.add(state.requests.spend(at: now), .requests)
      case .replays: toll.add(state.replays.spend(at: now), .replays)
      default: break
      }
      return toll
    }
  }

  /// How many nanoseconds a new session must wait for its welcome; nil when too many wait.
  func beginSession(at now: UInt64) -> UInt64? { state.withLock { $0.sessions.spend(at: now) } }

  /// Takes bytes from the mail that the device is guaranteed; false when that is used up.
  func takeAssuredMail(_ bytes: Int, at now: UInt64) -> Bool {
    state.withLock { $0.assuredMail.take(Double(bytes), at: now) }
  }

  /// Charges for bytes of mail beyond that, and returns how many nanoseconds the connection must rest; nil when that is too long.
  func chargeMail(_ bytes: Int, at now: UInt64) -> UInt64? { state.withLock { $0.mail.spend(Double(bytes), at: now) } }

  /// Whether another device may open a conversation with this one now.
  func takeOpening(from sender: DeviceAddress, at now: UInt64) -> Bool {
    state.withLock { state in
      var own = state.openings[sender] ?? TokenBucket(limits.openings, at: now)
      // Checked first, so that a sender that opens too many uses up nothing of the others' budget.
      guard own.take(at: now), state.openingsReceived.take(at: now) else { return false }
      if state.openings[sender] == nil, state.openings.count >= limits.openersKnown {
        state.openings = state.openings.filter { opener in
          var bucket = opener.value
          return !bucket.isFull(at: now)
        }
        guard state.openings.count < limits.openersKnown else { return false }
      }
      state.openings[sender] = own
      return true
    }
  }

  /// Whether nobody uses this budget and a new one would be as good.
  func isUnused(at now: UInt64) -> Bool {
    guard waiting.value == 0, sessions.value == 0 else { return false }
    return state.withLock { state in
      for bucket in state.openings.values {
        var bucket = bucket
        guard bucket.isFull(at: now) else { return false }
      }
      return state.records.isFull(at: now) && state.bytes.isFull(at: now) && state.lookups.isFull(at: now)
        && state.deposits.isFull(at: now) && state.confirmations.isFull(at: now) && state.keys.isFull(at: now)
        && state.sessions.isFull(at: now) && state.mail.isFull(at: now) && state.assuredMail.isFull(at: now)
        && state.openingsReceived.isFull(at: now) && state.channels.isFull(at: now)
        && state.requests.isFull(at: now) && state.replays.isFull(at: now)
    }
  }
}
