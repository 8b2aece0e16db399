// SPDX-License-Identifier: Apache-2.0

/// Why the server gives a device no certificate, or no key, for now. The device continues under the key in use.
public enum KeyRefusal: UInt8, Equatable, Sendable {
  /// The server cannot store anything, or cannot sign.
  case unavailable = 1
  /// The device, or its system, has asked for too many keys.
  case tooMany = 2
  /// The device's generations are used up: its key cannot change again until it comes to the bench for another id.
  case exhausted = 3
  /// The device has proved a key before, and does not prove this one.
  case unproved = 4
}
