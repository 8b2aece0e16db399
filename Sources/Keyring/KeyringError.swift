// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Why a key file was not opened, or a key not made.
public enum KeyringError: Error, Equatable, Sendable {
  /// The bytes are not a key file: wrong length, magic, checksum or parameters.
  case malformedKeyFile
  /// The key file was written by a later version.
  case unknownKeyFileVersion(UInt8)
  /// The passphrase does not open the key file, or the file was tampered with.
  case wrongPassphrase
  /// The key file is sealed and no passphrase was given.
  case passphraseRequired
  /// The key file's work factor needs more memory than there is.
  case outOfMemory
  /// What is kept of a device's key is not what its scheme needs, or does not open.
  case corrupted(String)
  /// The scheme gives a device no key of this kind.
  case unsuitableScheme(SchemeID)
}
