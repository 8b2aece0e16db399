// SPDX-License-Identifier: Apache-2.0

/// Why a Noise object refused to act. Whatever is thrown, the object is as it was before the call.
public enum NoiseError: Error, Equatable, Sendable {
  /// A key that a handshake may need.
  public enum Key: Equatable, Sendable {
    case localStatic
    /// The credential that the modifier `implicit` sends in place of the local static key.
    case localCredential
    case remoteStatic
    case localEphemeral
    case remoteEphemeral
    /// DH(s, rs), cached: only patterns with the token `ss` use it.
    case staticSharedSecret
    /// The pre-shared key of the modifier `psk<index>`.
    case psk(Int)
  }

  /// The pattern needs a key that was not given.
  case missingKey(Key)
  /// A key was given that the pattern does not use: most often the wrong pattern was named.
  case surplusKey(Key)
  /// The pattern breaks a validity rule of the specification (sections 7.3 and 9.3).
  case invalidPattern(PatternFault)
  /// A protocol name does not parse, or names an algorithm that is not built in.
  case unknownName
  /// It is the other party's turn, or the call belongs to another phase of the handshake.
  case outOfTurn
  /// A message would exceed, or does exceed, 65,535 bytes, tag included (section 3).
  case messageTooLong
  /// A message ends before the keys and tags that its pattern requires.
  case messageTooShort
  /// The caller's buffer cannot hold the result.
  case bufferTooSmall(needed: Int)
  /// Authentication failed: a wrong key, an altered message, another prologue, or a message out of order.
  case decryptionFailed
  /// A Diffie-Hellman result was all zero: the peer sent a point of low order.
  case lowOrderPoint
  /// The peer's key of the modifier `hfs` is not one: a number in it is not below ML-KEM's modulus.
  case malformedKEMKey
  /// The cipher's nonces are used up, or its hard limit is reached: make a new session.
  case nonceExhausted
  /// The application refused the peer, for example because its key is unknown or revoked.
  case peerRefused
  /// A datagram's counter was seen before or is behind the replay window.
  case replayed
}

/// The rule that a handshake pattern breaks.
public enum PatternFault: Equatable, Sendable {
  /// A pattern has at least one message and at most four.
  case messageCount
  /// A message has more tokens than one can hold.
  case tokenCount
  /// A pre-message is something other than `e`, `s` or `e, s`.
  case preMessage
  /// A public key is sent more than once (section 7.3, rule 2).
  case repeatedKey
  /// The same Diffie-Hellman is done twice (section 7.3, rule 3).
  case repeatedDH
  /// A Diffie-Hellman occurs where one party lacks a key (section 7.3, rule 1).
  case unavailableKey
  /// A static key enters a Diffie-Hellman before an ephemeral protects it (section 7.3, rule 4).
  case unprotectedStatic
  /// Something is encrypted after a `psk` token by a party that has not sent an ephemeral (section 9.3).
  case pskWithoutEphemeral
  /// `fallback` needs a first message that can be a pre-message (section 10.2).
  case notFallbackCapable
  /// `hfs` does not fit the pattern, or stands in one without a KEM, or is missing in one with a KEM: one party sends `e1` once, and
  /// the other answers with `ekem1` once.
  case kem
  /// A `psk` modifier points outside the pattern, occurs twice or is out of order.
  case pskPosition
}
