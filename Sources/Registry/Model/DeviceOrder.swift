import Credentials

/// Something that a device shall do at its next session.
public struct DeviceOrder: Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Change the key.
    case rotate
  }

  public let address: DeviceAddress
  public let kind: Kind
  /// Seconds since 1970.
  public let createdAt: Int64
}
