// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Who comes first on a processor that honest devices and an attacker share. Real devices have their own processors: the honest
/// ones must wait for the server, not for the attacker's threads.
enum ProcessorPriority {
  /// Lets the calling thread go before all others while it carries out `body`, where the system allows it.
  static func raised<Result>(_ body: () throws -> Result) rethrows -> Result {
    let policy = sched_getscheduler(0)
    var parameters = sched_param()
    sched_getparam(0, &parameters)
    set(SCHED_RR, max(parameters.sched_priority, 1))
    defer { set(policy, parameters.sched_priority) }
    return try body()
  }

  /// Lets every other thread go before the calling one.
  static func giveWay() {
    set(SCHED_OTHER, 0)
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
  }

  private static func set(_ policy: Int32, _ priority: Int32) {
    var parameters = sched_param()
    parameters.sched_priority = priority
    sched_setscheduler(0, policy, &parameters)
  }
}
