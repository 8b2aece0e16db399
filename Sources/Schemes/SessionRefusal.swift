// SPDX-License-Identifier: Apache-2.0

/// Why the server opens no session with the holder of a key. It travels in the handshake's second message, or in a record of the
/// session, and so is the server's word, for that holder alone.
///
/// A later server may have other reasons: whatever the value, the server refuses the key that was shown.
public struct SessionRefusal: Equatable, Sendable {
  /// What it adds to the server's answer, in bytes: one for every reason, so that the length tells none.
  public static var length: Int { 1 }

  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The server knows no device by this key.
  public static var unknownKey: Self { Self(rawValue: 1) }
  public static var revoked: Self { Self(rawValue: 2) }
  /// The device has proved itself by a better scheme before.
  public static var belowFloor: Self { Self(rawValue: 3) }
  /// What the device shows, or what the server has on record, is not what the owner signed.
  public static var invalidCertificate: Self { Self(rawValue: 4) }
  /// The key was given and taken back before its first use: the one before it serves.
  public static var withdrawn: Self { Self(rawValue: 5) }
  /// There seem to be two of the device, and the owner has not looked at it yet.
  public static var quarantined: Self { Self(rawValue: 6) }
}
