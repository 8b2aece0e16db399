// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes
import Wire

/// Something that a device is to do in its next session.
public struct DeviceOrder: Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Change the key.
    case rotate
    /// Move to another scheme.
    case migrate
  }

  public let address: DeviceAddress
  public let kind: Kind
  /// Where to, for ``Kind/migrate``.
  public let scheme: SchemeID?
  /// Seconds since 1970.
  public let createdAt: Int64
}
