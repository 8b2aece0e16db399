// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Each connection takes a descriptor.
struct DescriptorLimit {
  /// Descriptors that the server needs for purposes other than connections: its databases, event loops, listeners, requests for
  /// metrics, and connections that have made room and are not closed yet.
  private static let others = 48

  /// How many this process may have; nil when nobody says.
  let count: Int

  /// How many connections fit, at least one.
  var connections: Int { max(count - min(Self.others, count / 2), 1) }

  /// Asks for as many as the system lets this process have.
  @discardableResult
  static func raise() -> DescriptorLimit {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return DescriptorLimit(count: .max)
    }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return DescriptorLimit(count: Int(clamping: limit.rlim_cur))
  }
}
