// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a certificate or an identity-based credential says about its subject, 20 bytes on the wire.
public struct CertificateFields: Equatable, Sendable {
  public static let encodedLength = 20

  public var issuer: IssuerKeyID
  public var system: SystemID
  public var device: DeviceID
  /// Counts the device's keys from 1.
  public var generation: Generation
  /// The last epoch in which the certificate is good for more than renewing itself.
  public var lastEpoch: Epoch
  /// Whether the subject is an application: bit 0 of the flags. No identity-based credential is an application's.
  public var isApplication: Bool

  public var address: DeviceAddress { DeviceAddress(system: system, device: device) }

  public init(
    issuer: IssuerKeyID, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch,
    isApplication: Bool = false
  ) {
    self.isApplication = isApplication
    self.issuer = issuer
    self.system = system
    self.device = device
    self.generation = generation
    self.lastEpoch = lastEpoch
  }
}

/// A device's public key and what ties it to the device: an explicit certificate has a signature of the server, an implicit one
/// the point of an identity-based credential.
///
/// Inside a handshake that carries the key anyway it takes 84 or 52 bytes, alone, with its key, 116 or 84. An
/// ``IdentityCredential`` alone, from which the key is computed, has 52.
public struct Certificate: Equatable, Sendable {
  /// Fields and signature, without the key: the longer of the two kinds.
  public static let handshakeLength = CertificateFields.encodedLength + Ed25519.signatureLength
  /// Fields, key and signature: the longer of the two kinds.
  public static let standaloneLength = handshakeLength + X25519.keyLength

  /// What ties the key to the fields.
  public enum Proof: Equatable, Sendable {
    /// The server's Ed25519 signature over both.
    case signature(Ed25519.Signature)
    /// The point from which, with the fields, the key follows.
    case point(Bytes<32>, IdentityCredential.Issuance)
  }

  public let fields: CertificateFields
  public let publicKey: X25519.PublicKey
  public let proof: Proof

  public init(fields: CertificateFields, publicKey: X25519.PublicKey, signature: Ed25519.Signature) {
    self.fields = fields
    self.publicKey = publicKey
    proof = .signature(signature)
  }

  /// The implicit certificate of a credential. That it leads to this key is not checked here: see ``TrustStore/verify(_:)``.
  public init(_ credential: IdentityCredential, publicKey: X25519.PublicKey) {
    fields = credential.fields
    self.publicKey = publicKey
    proof = .point(credential.point, credential.issuance)
  }

  /// The server's signature; an implicit certificate has none.
  public var signature: Ed25519.Signature? {
    guard case .signature(let signature) = proof else { return nil }
    return signature
  }

  /// The credential of an implicit certificate.
  public var identityCredential: IdentityCredential? {
    guard case .point(let point, let issuance) = proof else { return nil }
    return IdentityCredential(fields: fields, issuance: issuance, point: point)
  }

  /// Length of this certificate without its key: 84 or 52.
  public var encodedHandshakeLength: Int {
    switch proof {
    case .signature: Self.handshakeLength
    case .point: IdentityCredential.encodedLength
    }
  }

  /// Length of this certificate with its key: 116 or 84.
  public var encodedLength: Int { encodedHandshakeLength + X25519.keyLength }

  /// Parses the standalone form. The proof is not checked here: see ``TrustStore/verify(_:)``.
  public init(decoding bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    if Self.isIdentityBased(bytes) {
      let credential = try IdentityCredential(decoding: try reader.bytes(IdentityCredential.encodedLength))
      self.init(credential, publicKey: try Bytes(&reader))
    } else {
      let fields = try CertificateFields(&reader)
      let publicKey = try Bytes<32>(&reader)
      self.init(fields: fields, publicKey: publicKey, signature: try Bytes(&reader))
    }
    try reader.finish()
  }

  /// Parses the form without its key, which the handshake has authenticated.
  public init(decoding bytes: RawSpan, publicKey: X25519.PublicKey) throws(WireError) {
    guard !Self.isIdentityBased(bytes) else {
      self.init(try IdentityCredential(decoding: bytes), publicKey: publicKey)
      return
    }
    var reader = ByteReader(bytes)
    let fields = try CertificateFields(&reader)
    self.init(fields: fields, publicKey: publicKey, signature: try Bytes(&reader))
    try reader.finish()
  }

  /// Writes the standalone form, ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    guard case .signature(let signature) = proof else {
      encodeForHandshake(into: &target)
      copyBytes(publicKey.bytes, to: &target, at: IdentityCredential.encodedLength)
      return
    }
    var writer = ByteWriter(&target)
    fields.encode(&writer)
    writer.bytes(publicKey.bytes)
    writer.bytes(signature.bytes)
  }

  /// Writes the form without the key, ``encodedHandshakeLength`` bytes.
  public func encodeForHandshake(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    switch proof {
    case .signature(let signature):
      fields.encode(&writer)
      writer.bytes(signature.bytes)
    case .point(let point, let issuance):
      fields.encode(&writer, as: .identityCredential, flags: issuance.rawValue)
      writer.bytes(point.bytes)
    }
  }

  /// Whether the server's key `issuerKey` signed these fields and this key. Always false for an implicit certificate.
  public func isSigned(by issuerKey: Ed25519.PublicKey) -> Bool {
    var signed = SignedBytes()
    guard layOut(in: &signed) else { return false }
    return Ed25519.isValid(signed.signature, for: signed.bytes, under: issuerKey.bytes)
  }

  /// Writes what the signature covers, and the signature. Returns false for an implicit certificate, which has none.
  @inline(never)
  func layOut(in signed: inout SignedBytes) -> Bool {
    guard case .signature(let signature) = proof else { return false }
    fields.layOut(in: &signed, with: publicKey)
    signed.setSignature(signature.bytes)
    return true
  }

  /// How many of the bytes at the start of `bytes` are a certificate without its key: the first byte tells the kind.
  public static func handshakeLength(of bytes: RawSpan) -> Int {
    isIdentityBased(bytes) ? IdentityCredential.encodedLength : handshakeLength
  }

  private static func isIdentityBased(_ bytes: RawSpan) -> Bool {
    bytes.byteCount > 0 && bytes.unsafeLoad(as: UInt8.self) == WireKind.identityCredential.leadingByte
  }
}

extension CertificateFields {
  init(_ reader: inout ByteReader) throws(WireError) {
    try WireKind.certificate.check(try reader.uint8())
    // The others are reserved: the signature's algorithm and a reference to an issuance log.
    let flags = try reader.uint8()
    guard flags & ~1 == 0 else { throw .reservedFlags(flags) }
    try self.init(afterFlags: &reader)
    isApplication = flags == 1
  }

  /// Reads what follows the kind and the flags.
  init(afterFlags reader: inout ByteReader) throws(WireError) {
    isApplication = false
    issuer = IssuerKeyID(try reader.uint16())
    system = SystemID(try reader.uint32())
    device = DeviceID(try reader.uint64())
    generation = try reader.uint16()
    lastEpoch = try reader.uint16()
  }

  func encode(_ writer: inout ByteWriter, as kind: WireKind = .certificate, flags: UInt8? = nil) {
    writer.uint8(kind.leadingByte)
    writer.uint8(flags ?? (isApplication ? 1 : 0))
    writer.uint16(issuer.rawValue)
    writer.uint32(system.rawValue)
    writer.uint64(device.rawValue)
    writer.uint16(generation)
    writer.uint16(lastEpoch)
  }

  /// Writes what the signature of a certificate for this key covers.
  func layOut(in signed: inout SignedBytes, with publicKey: X25519.PublicKey) {
    var encoded = Bytes<20>()
    var target = encoded.mutableBytes
    var writer = ByteWriter(&target)
    encode(&writer)
    signed.append(encoded.bytes)
    signed.append(publicKey.bytes)
  }
}
