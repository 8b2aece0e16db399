// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// An identity-based credential: in place of a key and a signature it holds one point R, from which, with the fields and the
/// issuer's master public key X, anybody can compute the subject's key P = R + hX. 52 bytes.
///
/// Every point of the group makes a well-formed credential. Only the use of the key shows that a credential was issued: without
/// the issuer nobody can have a private key that fits. The same scheme is called an implicit certificate (SEC 4, ECQV).
public struct IdentityCredential: Equatable, Sendable {
  /// Fields and point.
  public static let encodedLength = CertificateFields.encodedLength + Edwards25519.encodedLength

  /// Who knew the private key when it was made; the credential's flags byte.
  public enum Issuance: UInt8, Sendable {
    /// The device added its own point (ECQV): the issuer never knew the key.
    case blinded = 0
    /// The issuer made the key, handed it over and forgot it.
    case injected = 1
    /// The issuer can compute the key again at any time.
    case escrow = 2
  }

  public let fields: CertificateFields
  public let issuance: Issuance
  /// R as it was received; ``publicKey(under:)`` checks it.
  public let point: Bytes<32>

  public init(fields: CertificateFields, issuance: Issuance, point: Bytes<32>) {
    self.fields = fields
    self.issuance = issuance
    self.point = point
  }

  /// Parses a credential. The point is not checked here: see ``publicKey(under:)``.
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    try WireKind.identityCredential.check(try reader.uint8())
    let flags = try reader.uint8()
    guard let issuance = Issuance(rawValue: flags) else { throw .reservedFlags(flags) }
    self.issuance = issuance
    fields = try CertificateFields(afterFlags: &reader)
    point = try Bytes(&reader)
    try reader.finish()
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    fields.encode(&writer, as: .identityCredential, flags: issuance.rawValue)
    writer.bytes(point.bytes)
  }

  /// The subject's public key under the issuer's master public key. Firmware built with `COUNTERSIGN_CERTIFICATES_ONLY` knows
  /// no issuer: it leaves out the arithmetic of the group.
  ///
  /// - Throws: ``CredentialsError/unknownIssuer(_:)`` when the credential names another master key,
  ///   ``CredentialsError/invalidPoint``.
  public func publicKey(under master: MasterPublicKey) throws(CredentialsError) -> X25519.PublicKey {
    #if COUNTERSIGN_CERTIFICATES_ONLY
      throw .unknownIssuer(fields.issuer)
    #else
      guard fields.issuer == master.keyID else { throw .unknownIssuer(fields.issuer) }
      var h = Edwards25519.Scalar()
      hash(under: master, into: &h)
      do {
        let point = try Edwards25519.Point(decoding: point)
        return try point.adding(master.point.multiplied(by: h)).montgomery
      } catch { throw .invalidPoint }
    #endif
  }

  /// h = SHA-512(label, X, length of the credential in 2 bytes, credential) mod L. R is part of the credential: without it in
  /// the hash anyone could choose a key first and R after it.
  func hash(under master: MasterPublicKey, into h: inout Edwards25519.Scalar) {
    var encoded = Bytes<52>()
    var target = encoded.mutableBytes
    encode(into: &target)
    var hash = Hash.SHA512()
    let label: StaticString = "countersign-v1 identity credential"
    hash.update(label)
    hash.update(master.point.bytes.bytes)
    let length: StaticString = "\u{0}4"
    hash.update(length)
    hash.update(encoded.bytes)
    var wide = Bytes<64>()
    var digest = wide.mutableBytes
    hash.finalize(into: &digest)
    h.reduce(wide.bytes)
  }
}

#if !hasFeature(Embedded)
  extension IdentityCredential.Issuance: CaseIterable {}
#endif
