// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// Whether devices of one system may open conversations with devices of another, and the statement that tells them.
public struct Policy: Equatable, Sendable {
  public let statement: PolicyStatement
  /// Renewed whenever the epoch advances, until it is denied.
  public let isStanding: Bool

  /// Whether it permits anything in `epoch`: a denial is a permission that has ended.
  public func isAllowed(in epoch: Epoch) -> Bool { statement.content.lastEpoch >= epoch }
}
