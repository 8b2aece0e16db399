// SPDX-License-Identifier: Apache-2.0

/// Why a channel between a device and an application cannot do what it should.
public enum ChannelError: Equatable, Sendable {
  /// It has not been opened.
  case notOpen
  /// The certificate is no application's of the device's system.
  case notAnApplication
  /// The opening is to a key that this application does not have, or has no more.
  case unknownKey
  /// It was opened before the device's key of today: open another one.
  case outdated
  /// The request was taken before, or is so far behind others of its instance that nobody can tell.
  case replayed
  /// As many instances of the application as a channel tells apart have spoken: open another one.
  case tooManyInstances
}
