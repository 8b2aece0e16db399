// SPDX-License-Identifier: Apache-2.0

import Wire

/// What a credential or a statement is: the first byte of each holds the format's version in its upper half and this in its lower
/// half.
public enum WireKind: UInt8, Sendable {
  /// The format's version.
  public static let version: UInt8 = 1

  case certificate = 1
  case identityCredential = 2
  case epochStatement = 3
  case revocationStatement = 4
  case policyStatement = 5
  case misissuanceEvidence = 6
  case issuanceStatement = 7
  case misissuanceProof = 8
  case rotationStatement = 9

  /// The first byte of an object of this kind.
  var leadingByte: UInt8 { WireKind.version << 4 | rawValue }

  /// Refuses a first byte that is not this kind's.
  func check(_ byte: UInt8) throws(WireError) {
    guard byte >> 4 == WireKind.version else { throw .unknownVersion(byte >> 4) }
    guard byte & 15 == rawValue else { throw .unexpectedKind(byte & 15) }
  }
}
