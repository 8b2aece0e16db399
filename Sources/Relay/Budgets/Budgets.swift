// SPDX-License-Identifier: Apache-2.0

import Credentials
import Synchronization
import Wire

/// The budgets of all devices and systems that have recently used some of theirs.
final class Budgets: Sendable {
  private struct State {
    var devices: [DeviceAddress: DeviceBudget] = [:]
    var systems: [SystemID: TokenBucket] = [:]
    var presence: [SystemID: TokenBucket] = [:]
  }

  private let limits: RelayLimits
  private let state = Mutex(State())
  let shares: SystemShares
  /// Nanoseconds of a clock that does not go back.
  let now: @Sendable () -> UInt64

  init(_ limits: RelayLimits, clock: @escaping @Sendable () -> UInt64) {
    self.limits = limits
    shares = SystemShares(recordsPerSecond: limits.system.sharedRecords * Double(max(limits.eventLoops, 1)))
    now = clock
  }

  subscript(_ address: DeviceAddress) -> DeviceBudget { state.withLock { budget(of: address, &$0) } }

  /// The budget of a device for a session, which gives it back by counting down ``DeviceBudget/sessions``.
  func open(_ address: DeviceAddress) -> DeviceBudget {
    state.withLock { state in
      let budget = budget(of: address, &state)
      budget.sessions.add(1)
      return budget
    }
  }

  private func budget(of address: DeviceAddress, _ state: inout State) -> DeviceBudget {
    if let budget = state.devices[address] { return budget }
    let budget = DeviceBudget(limits.device, at: now())
    state.devices[address] = budget
    return budget
  }

  /// How many devices' budgets are kept.
  var count: Int { state.withLock { $0.devices.count } }

  /// Takes bytes from the mail that all devices of a system together may send; false when that is used up.
  func takeMail(_ bytes: Int, of system: SystemID) -> Bool {
    let now = now()
    return state.withLock { state in
      state.systems[system, default: TokenBucket(limits.system.mailBytes, at: now)].take(Double(bytes), at: now)
    }
  }

  /// Takes one event that the applications of a system hear of; false when there are too many.
  func takePresence(of system: SystemID) -> Bool {
    let now = now()
    return state.withLock { state in
      state.presence[system, default: TokenBucket(limits.system.presence, at: now)].take(at: now)
    }
  }

  /// Forgets the budgets that are full again.
  func sweep() {
    let now = now()
    state.withLock { state in
      state.devices = state.devices.filter { !$0.value.isUnused(at: now) }
    }
  }
}
