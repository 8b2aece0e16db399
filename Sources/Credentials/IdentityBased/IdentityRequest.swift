// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The device's side of blinded issuance: a secret u, kept until the credential has come, and the point U = uB that is sent.
public struct IdentityRequest: ~Copyable, Sendable {
  private var secret = Edwards25519.Scalar()
  /// U.
  public private(set) var point = Bytes<32>()

  /// A place for a request.
  public init() {}

  /// Draws a new secret.
  public mutating func generate() {
    secret.fillWithRandom()
    // 0, which has no point, does not come up.
    try? derivePoint()
  }

  /// Becomes the request with this secret: 32 bytes below L, other than 0.
  ///
  /// - Throws: ``CredentialsError/invalidPoint``.
  public mutating func load(_ bytes: RawSpan) throws(CredentialsError) {
    do { try secret.load(bytes) } catch { throw .invalidPoint }
    try derivePoint()
  }

  /// The 32 secret bytes, for storage in a place that is itself protected.
  public var secretBytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { secret.bytes }
  }

  /// Computes the private key from the issuer's answer and checks that the credential leads to its public key.
  ///
  /// - Throws: ``CredentialsError/unknownIssuer(_:)``, ``CredentialsError/invalidPoint``, or
  ///   ``CredentialsError/subjectMismatch`` when the answer belongs to another request. `key` is then as it was.
  public func complete(
    _ answer: BlindedCredential, under master: MasterPublicKey, into key: inout X25519.PrivateKey
  ) throws(CredentialsError) {
    guard answer.credential.issuance == .blinded else { throw .subjectMismatch }
    let expected = try answer.credential.publicKey(under: master)
    var sum = Edwards25519.Scalar()
    defer { sum.wipe() }
    do { try sum.load(answer.contribution.bytes) } catch { throw .invalidPoint }
    sum.add(secret)
    var candidate = X25519.PrivateKey()
    defer { candidate.wipe() }
    try candidate.load(lifting: sum)
    guard Self.isShown(candidate.publicKey, expected) else { throw .subjectMismatch }
    key.copy(from: candidate)
  }

  public mutating func wipe() { secret.wipe() }

  /// Whether a public half, which is shown, is the credential's. Not inlined, so that what watches for branches on secrets can tell this
  /// one from others.
  @inline(never)
  private static func isShown(_ key: X25519.PublicKey, _ expected: X25519.PublicKey) -> Bool { key == expected }

  /// Firmware built with `COUNTERSIGN_CERTIFICATES_ONLY` has no point to ask with.
  private mutating func derivePoint() throws(CredentialsError) {
    point = Bytes()
    #if COUNTERSIGN_CERTIFICATES_ONLY
      throw .invalidPoint
    #else
      do { point = try Edwards25519.Point(base: secret).bytes } catch { throw .invalidPoint }
    #endif
  }
}

extension X25519.PrivateKey {
  /// Replaces this key, in place, by the ``Lift`` of a scalar.
  ///
  /// - Throws: ``CredentialsError/invalidPoint`` for the one scalar in 2^126 that has none.
  public mutating func load(lifting scalar: borrowing Edwards25519.Scalar) throws(CredentialsError) {
    var lifted = SecretBytes<32>()
    defer { lifted.wipe() }
    guard Lift.lift(scalar, into: &lifted) else { throw .invalidPoint }
    do { try load(lifted.bytes) } catch { throw .invalidPoint }
  }
}
