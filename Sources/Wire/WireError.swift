// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not what they claim to be.
public enum WireError: Error, Equatable, Sendable {
  /// They end early or go on too long.
  case wrongLength(expected: Int, actual: Int)
  /// They begin with a version that this build does not know.
  case unknownVersion(UInt8)
  /// They begin as another kind of object than the one asked for.
  case unexpectedKind(UInt8)
  /// Flags that this version reserves are set: a later version means something by them.
  case reservedFlags(UInt8)
  /// A field holds a value that it cannot have.
  case invalidValue
}
