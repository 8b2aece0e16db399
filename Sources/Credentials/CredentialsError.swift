// SPDX-License-Identifier: Apache-2.0

import Wire

/// Why a credential or a statement was refused.
public enum CredentialsError: Error, Equatable, Sendable {
  /// The bytes are not what they claim to be.
  case malformed(WireError)
  /// The issuer's key id is not among the trusted keys.
  case unknownIssuer(IssuerKeyID)
  /// The signature does not verify.
  case invalidSignature
  /// The subject belongs to another system and no policy lets the two talk.
  case foreignSystem(SystemID)
  /// The last valid epoch has passed. Such a certificate may still renew itself, and nothing else.
  case expired(lastEpoch: Epoch, current: Epoch)
  /// The subject's generation has been revoked.
  case revoked(generation: Generation)
  /// The subject was met with a later generation: its key has been replaced.
  case superseded(generation: Generation)
  /// The certificate is about another device or key than the one at hand.
  case subjectMismatch
  /// The fixed-size list of revocations is full, so that no certificate can be trusted without asking the server.
  case revocationListFull
  /// The subject belongs to another system, and the fixed-size list of policies is full, so that only the server can tell whether one
  /// lets the two talk.
  case policyListFull(SystemID)
  /// A point is not a canonical encoding, not on the curve, or not of the prime-order group; or it leads to no usable key.
  case invalidPoint
  /// What claims to be evidence of misissuance is not about one generation of one device, or shows only one credential.
  case notEvidence
  /// The signer is out of reach or refused.
  case signerUnavailable
}

/// What `body` parses; bytes that are not what they claim to be are refused as a credential.
func parsing<Result>(_ body: @autoclosure () throws(WireError) -> Result) throws(CredentialsError) -> Result {
  do { return try body() } catch { throw .malformed(error) }
}
