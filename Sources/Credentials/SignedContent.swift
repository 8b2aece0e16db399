// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto
  import Wire

  /// What a signature of the issuing key covers, taken apart again: whoever is asked to sign bytes sees what they say.
  public struct SignedContent: Equatable, Sendable {
    public enum Content: Equatable, Sendable {
      case certificate(CertificateFields, X25519.PublicKey)
      case epoch(EpochContent)
      case revocation(RevocationContent)
      case policy(PolicyContent)
      case rotation(RotationContent)
      case issuance(IssuanceContent)
    }

    public let issuer: IssuerKeyID
    public let content: Content

    public init(certificate fields: CertificateFields, for key: X25519.PublicKey) {
      issuer = fields.issuer
      content = .certificate(fields, key)
    }

    public init(_ content: Content, issuer: IssuerKeyID) {
      self.content = content
      self.issuer = issuer
    }

    /// Parses the bytes that a signature covers: label, kind, flags and all. Nothing may be left over.
    ///
    /// - Throws: ``WireError``, with ``WireError/unexpectedKind(_:)`` for what is not signed under the issuing key.
    public init(parsing bytes: RawSpan) throws(WireError) {
      var reader = ByteReader(bytes)
      var label = Bytes<15>()
      var target = label.mutableBytes
      SignedBytes.writeLabel(to: &target)
      guard try Bytes<15>(&reader) == label else { throw .invalidValue }
      let first = try reader.uint8()
      guard first >> 4 == WireKind.version else { throw .unknownVersion(first >> 4) }
      let flags = try reader.uint8()
      guard let kind = WireKind(rawValue: first & 15) else { throw .unexpectedKind(first & 15) }
      if kind == .certificate {
        guard flags == 0 else { throw .reservedFlags(flags) }
        let fields = try CertificateFields(afterFlags: &reader)
        self.init(certificate: fields, for: try Bytes(&reader))
      } else {
        let issuer = IssuerKeyID(try reader.uint16())
        self.init(try Self.content(kind, flags, &reader), issuer: issuer)
      }
      try reader.finish()
    }

    private static func content(
      _ kind: WireKind, _ flags: UInt8, _ reader: inout ByteReader
    ) throws(WireError) -> Content {
      switch kind {
      case .epochStatement: .epoch(try EpochContent(flags: flags, &reader))
      case .revocationStatement: .revocation(try RevocationContent(flags: flags, &reader))
      case .policyStatement: .policy(try PolicyContent(flags: flags, &reader))
      case .rotationStatement: .rotation(try RotationContent(flags: flags, &reader))
      case .issuanceStatement: .issuance(try IssuanceContent(flags: flags, &reader))
      case .certificate, .identityCredential, .misissuanceEvidence, .misissuanceProof:
        throw .unexpectedKind(kind.rawValue)
      }
    }

    /// The bytes that a signature covers.
    public var signedBytes: [UInt8] {
      var signed = SignedBytes()
      switch content {
      case .certificate(let fields, let key): fields.layOut(in: &signed, with: key)
      case .epoch(let content): content.layOut(in: &signed, issuer: issuer)
      case .revocation(let content): content.layOut(in: &signed, issuer: issuer)
      case .policy(let content): content.layOut(in: &signed, issuer: issuer)
      case .rotation(let content): content.layOut(in: &signed, issuer: issuer)
      case .issuance(let content): content.layOut(in: &signed, issuer: issuer)
      }
      return [UInt8](copying: signed.bytes)
    }
  }
#endif
