// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// A customer's system.
public struct RegisteredSystem: Equatable, Sendable {
  public let id: SystemID
  public let name: String
  /// Seconds since 1970.
  public let createdAt: Int64
}
