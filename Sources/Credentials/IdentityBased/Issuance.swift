// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// Issuing identity-based credentials, in three flavours, which differ in who knows the device's private key.
///
/// Nobody may issue two credentials for one generation of one device: the two are ``MisissuanceEvidence``. The caller keeps a
/// record of what it issued and answers a repeated request from that record.
extension MasterKey {
  /// The fields that a credential under this key will have.
  public func fields(
    for address: DeviceAddress, generation: Generation, lastEpoch: Epoch
  ) -> CertificateFields {
    CertificateFields(
      issuer: publicKey.keyID, system: address.system, device: address.device, generation: generation,
      lastEpoch: lastEpoch)
  }

  /// Blinded (ECQV): R = U + rB. The issuer learns nothing about the key that the device will have.
  ///
  /// - Parameter request: the device's point U.
  /// - Returns: the credential and what the device adds to its own secret. The contribution need not be kept secret.
  /// - Throws: ``CredentialsError/invalidPoint`` when the request is no point of the group.
  public func issueBlinded(
    _ fields: CertificateFields, request: Bytes<32>
  ) throws(CredentialsError) -> BlindedCredential {
    var random = SecretBytes<32>.random()
    defer { random.wipe() }
    return try issueBlinded(fields, request: request, random: random.bytes)
  }

  /// Injected: R = rB. The private key ends up in `key`, which the caller hands to the device and wipes; nobody can compute it
  /// again.
  ///
  /// - Throws: ``CredentialsError/invalidPoint`` for the one attempt in 2^126 that must be repeated.
  public func issueInjected(
    _ fields: CertificateFields, into key: inout X25519.PrivateKey
  ) throws(CredentialsError) -> IdentityCredential {
    var random = SecretBytes<32>.random()
    defer { random.wipe() }
    return try issueInjected(fields, random: random.bytes, into: &key)
  }

  /// Escrow: R = rB with r computed from the master key and the fields. Whoever has the master key can compute this private
  /// key, now and later; the credential says so to everyone who reads it.
  ///
  /// - Throws: ``CredentialsError/invalidPoint`` for one subject in 2^126; take another last epoch.
  public func issueEscrow(
    _ fields: CertificateFields, into key: inout X25519.PrivateKey
  ) throws(CredentialsError) -> IdentityCredential {
    try issue(fields, .escrow, random: RawSpan(), into: &key)
  }

  /// ``issueBlinded(_:request:)`` with the random bytes given. For test vectors only.
  @_spi(Testing)
  public func issueBlinded(
    _ fields: CertificateFields, request: Bytes<32>, random: RawSpan
  ) throws(CredentialsError) -> BlindedCredential {
    var r = Edwards25519.Scalar()
    defer { r.wipe() }
    drawNonce(fields, .blinded, device: request, random: random, into: &r)
    let point: Edwards25519.Point
    do {
      point = try Edwards25519.Point(decoding: request).adding(Edwards25519.Point(base: r))
    } catch { throw .invalidPoint }
    let credential = IdentityCredential(fields: fields, issuance: .blinded, point: point.bytes)
    complete(&r, credential)
    var contribution = Bytes<32>()
    var target = contribution.mutableBytes
    copyBytes(r.bytes, to: &target)
    return BlindedCredential(credential: credential, contribution: contribution)
  }

  /// ``issueInjected(_:into:)`` with the random bytes given. For test vectors only.
  @_spi(Testing)
  public func issueInjected(
    _ fields: CertificateFields, random: RawSpan, into key: inout X25519.PrivateKey
  ) throws(CredentialsError) -> IdentityCredential {
    try issue(fields, .injected, random: random, into: &key)
  }

  private func issue(
    _ fields: CertificateFields, _ issuance: IdentityCredential.Issuance, random: RawSpan,
    into key: inout X25519.PrivateKey
  ) throws(CredentialsError) -> IdentityCredential {
    var r = Edwards25519.Scalar()
    defer { r.wipe() }
    drawNonce(fields, issuance, device: Bytes(), random: random, into: &r)
    let point: Edwards25519.Point
    do { point = try Edwards25519.Point(base: r) } catch { throw .invalidPoint }
    let credential = IdentityCredential(fields: fields, issuance: issuance, point: point.bytes)
    complete(&r, credential)
    try key.load(lifting: r)
    return credential
  }

  /// s = r + hx, in the place of r.
  private func complete(_ r: inout Edwards25519.Scalar, _ credential: IdentityCredential) {
    var h = Edwards25519.Scalar()
    credential.hash(under: publicKey, into: &h)
    addProduct(h, to: &r)
  }
}

/// What the issuer answers to a device's point.
public struct BlindedCredential: Equatable, Sendable {
  /// Credential and contribution.
  public static let encodedLength = IdentityCredential.encodedLength + Edwards25519.encodedLength

  public let credential: IdentityCredential
  /// r + hx mod L, which the device adds to its own secret. Public: it reveals neither r nor x.
  public let contribution: Bytes<32>

  public init(credential: IdentityCredential, contribution: Bytes<32>) {
    self.credential = credential
    self.contribution = contribution
  }

  /// Parses ``encodedLength`` bytes. Whether they fit a request, ``IdentityRequest/complete(_:under:into:)`` finds out.
  public init(decoding bytes: RawSpan) throws(WireError) {
    guard bytes.byteCount == Self.encodedLength else {
      throw .wrongLength(expected: Self.encodedLength, actual: bytes.byteCount)
    }
    credential = try IdentityCredential(decoding: bytes.extracting(0..<IdentityCredential.encodedLength))
    var reader = ByteReader(bytes.extracting(IdentityCredential.encodedLength...))
    contribution = try Bytes(&reader)
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    credential.encode(into: &target)
    copyBytes(contribution.bytes, to: &target, at: IdentityCredential.encodedLength)
  }
}
