// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a statement says; one type per kind.
public protocol StatementContent: Equatable, Sendable {
  static var kind: WireKind { get }
  /// Length of the content after the common four bytes of kind, flags and issuer.
  static var contentLength: Int { get }
  /// The second byte: 0 unless the kind gives it a meaning.
  var flags: UInt8 { get }

  init(flags: UInt8, _ reader: inout ByteReader) throws(WireError)
  func encode(_ writer: inout ByteWriter)
}

/// Something the server says to devices and that anyone can check offline: an epoch, a revocation, a policy.
///
/// Layout: kind, flags, issuer key id (2), content, Ed25519 signature (64) over a label and all that precedes.
public struct Statement<Content: StatementContent>: Equatable, Sendable {
  public static var encodedLength: Int { 4 + Content.contentLength + Ed25519.signatureLength }

  public let issuer: IssuerKeyID
  public let content: Content
  public let signature: Ed25519.Signature

  init(issuer: IssuerKeyID, content: Content, signature: Ed25519.Signature) {
    self.issuer = issuer
    self.content = content
    self.signature = signature
  }

  /// Parses a statement. The signature is not checked here: see ``TrustStore/verify(_:)``.
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    try Content.kind.check(try reader.uint8())
    let flags = try reader.uint8()
    issuer = IssuerKeyID(try reader.uint16())
    content = try Content(flags: flags, &reader)
    signature = try Bytes(&reader)
    try reader.finish()
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    content.encodeWithHeader(issuer: issuer, &writer)
    writer.bytes(signature.bytes)
  }

  public func isSigned(by issuerKey: Ed25519.PublicKey) -> Bool {
    var signed = SignedBytes()
    layOut(in: &signed)
    return Ed25519.isValid(signed.signature, for: signed.bytes, under: issuerKey.bytes)
  }

  /// Writes what the signature covers, and the signature.
  @inline(never)
  func layOut(in signed: inout SignedBytes) {
    content.layOut(in: &signed, issuer: issuer)
    signed.setSignature(signature.bytes)
  }
}

extension StatementContent {
  func encodeWithHeader(issuer: IssuerKeyID, _ writer: inout ByteWriter) {
    writer.uint8(Self.kind.leadingByte)
    writer.uint8(flags)
    writer.uint16(issuer.rawValue)
    encode(&writer)
  }

  /// Writes what the signature of this statement covers.
  func layOut(in signed: inout SignedBytes, issuer: IssuerKeyID) {
    var encoded = Bytes<40>()
    var target = encoded.mutableBytes
    var writer = ByteWriter(&target)
    encodeWithHeader(issuer: issuer, &writer)
    signed.append(encoded.bytes.extracting(0..<4 + Self.contentLength))
  }
}
