// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// The schemes. The raw value is the first byte of a device's first frame, so that one port serves all of them, and the
/// handshake's prologue binds it.
public enum SchemeID: UInt8, Sendable {
  case sharedKey = 1
  case derivedKey = 2
  case derivedKeyPBKDF2 = 3
  case derivedKeyEphemeral = 4
  case derivedKeyRatchet = 5
  case certified = 6
  case registered = 7
  case compactKK = 8
  case hybridIKpsk2 = 9
  case broadcast = 10
  case identityBased = 11

  /// What is to be known of the scheme.
  @inline(__always)
  public var row: Scheme {
    switch self {
    case .sharedKey:
      Scheme(
        name: "shared-key", summary: "one key for the whole system", floor: .shared,
        exchange: .challenge, hint: .address, shown: .nothing, derivation: .system, isOrdered: true,
        messageCount: 2, maximumHelloLength: 33, replyLength: 32)
    case .derivedKey:
      Scheme(
        name: "derived-key", summary: "a key that the server computes from its one key and the device's id",
        floor: .derived,
        exchange: .challenge, hint: .pseudonym, shown: .nothing, derivation: .device, isOrdered: true,
        messageCount: 2, maximumHelloLength: 29, replyLength: 32)
    case .derivedKeyPBKDF2:
      Scheme(
        name: "derived-key-pbkdf2", summary: "the same through PBKDF2 and a stored salt", floor: .derived,
        exchange: .challenge, hint: .saltStart, shown: .nothing, derivation: .stretched, isOrdered: true,
        messageCount: 2, maximumHelloLength: 29, replyLength: 32)
    case .derivedKeyEphemeral:
      Scheme(
        name: "derived-key-ephemeral", summary: "a derived key and an ephemeral X25519", floor: .derived,
        exchange: .NNpsk0, hint: .pseudonymStart, shown: .nothing, derivation: .device, isOrdered: true,
        messageCount: 2, maximumHelloLength: 51, replyLength: 48)
    case .derivedKeyRatchet:
      Scheme(
        name: "derived-key-ratchet", summary: "a derived key that a hash moves on", floor: .derived,
        exchange: .challenge, hint: .pseudonym, shown: .nothing, derivation: .ratchet, isOrdered: true,
        messageCount: 2, maximumHelloLength: 29, replyLength: 32)
    case .certified:
      Scheme(
        name: "certified", summary: "a key pair; the certificate is on the wire", floor: .certified,
        exchange: .IK, hint: .none, shown: .certificate, derivation: .none, isOrdered: true,
        messageCount: 2, maximumHelloLength: 97 + Certificate.handshakeLength, replyLength: 48)
    case .registered:
      Scheme(
        name: "registered", summary: "a key pair that the server finds in its registry", floor: .certified,
        exchange: .IK, hint: .none, shown: .nothing, derivation: .none, isOrdered: true,
        messageCount: 2, maximumHelloLength: 97, replyLength: 48)
    case .compactKK:
      Scheme(
        name: "compact-kk", summary: "the same in the smallest first frame", floor: .certified,
        exchange: .KK, hint: .keyHash, shown: .nothing, derivation: .none, isOrdered: true,
        messageCount: 2, maximumHelloLength: 51, replyLength: 48)
    case .hybridIKpsk2:
      Scheme(
        name: "hybrid-ikpsk2", summary: "a key pair and a derived key beside it", floor: .hybrid,
        exchange: .IKpsk2, hint: .none, shown: .nothing, derivation: .device, isOrdered: true,
        messageCount: 2, maximumHelloLength: 97, replyLength: 48)
    case .broadcast:
      Scheme(
        name: "broadcast", summary: "subset difference, for comparison", floor: .shared,
        exchange: .none, hint: .none, shown: .nothing, derivation: .none, isOrdered: false,
        messageCount: 1, maximumHelloLength: 0, replyLength: 0)
    case .identityBased:
      Scheme(
        name: "identity-based", summary: "an identity-based credential", floor: .certified,
        exchange: .IKimplicit, hint: .none, shown: .credential, derivation: .none, isOrdered: false,
        messageCount: 2, maximumHelloLength: 65 + IdentityCredential.encodedLength, replyLength: 48)
    }
  }

  /// ``Scheme/isSymmetric``.
  public var isSymmetric: Bool { row.isSymmetric }
}

#if !hasFeature(Embedded)
  extension SchemeID: CaseIterable {}
#endif
