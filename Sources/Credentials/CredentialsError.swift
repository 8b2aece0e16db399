/// Why a credential or a statement was refused.
public enum CredentialsError: Error, Equatable, Sendable {
  /// The bytes end early or go on too long for what they claim to be.
  case wrongLength(expected: Int, actual: Int)
  /// The first byte names a version that this build does not know.
  case unknownVersion(UInt8)
  /// The first byte names another kind of object than the one asked for.
  case unexpectedKind(UInt8)
  /// Flags that this version reserves are set: a later version means something by them.
  case reservedFlags(UInt8)
  /// The issuer's key id is not among the trusted keys.
  case unknownIssuer(IssuerKeyID)
  /// The signature does not verify.
  case invalidSignature
  /// The subject belongs to another system and no policy lets the two talk.
  case foreignSystem(SystemID)
  /// The last valid epoch has passed. Such a certificate may still renew itself, nothing else.
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
