import Primitives

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

  public var address: DeviceAddress { DeviceAddress(system: system, device: device) }

  public init(issuer: IssuerKeyID, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch) {
    self.issuer = issuer
    self.system = system
    self.device = device
    self.generation = generation
    self.lastEpoch = lastEpoch
  }
}

/// A device's public key, signed by the server: an explicit certificate with a fixed layout.
///
/// Inside a handshake that carries the key anyway it takes 84 bytes, standing alone 116.
public struct Certificate: Equatable, Sendable {
  /// Fields and signature, without the key.
  public static let handshakeLength = CertificateFields.encodedLength + Ed25519.signatureLength
  /// Fields, key and signature.
  public static let standaloneLength = handshakeLength + X25519.keyLength

  public let fields: CertificateFields
  public let publicKey: X25519.PublicKey
  public let signature: Ed25519.Signature

  public init(fields: CertificateFields, publicKey: X25519.PublicKey, signature: Ed25519.Signature) {
    self.fields = fields
    self.publicKey = publicKey
    self.signature = signature
  }

  /// Parses the standalone form. The signature is not checked here: see ``TrustStore/verify(_:)``.
  public init(decoding bytes: RawSpan) throws(CredentialsError) {
    var reader = ByteReader(bytes)
    fields = try CertificateFields(&reader)
    publicKey = try Bytes(&reader)
    signature = try Bytes(&reader)
    try reader.finish()
  }

  /// Parses the form without its key, which the handshake has authenticated.
  public init(decoding bytes: RawSpan, publicKey: X25519.PublicKey) throws(CredentialsError) {
    var reader = ByteReader(bytes)
    fields = try CertificateFields(&reader)
    self.publicKey = publicKey
    signature = try Bytes(&reader)
    try reader.finish()
  }

  /// Writes the standalone form, ``standaloneLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    fields.encode(&writer)
    writer.bytes(publicKey.bytes)
    writer.bytes(signature.bytes)
  }

  /// Writes the form without the key, ``handshakeLength`` bytes.
  public func encodeForHandshake(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    fields.encode(&writer)
    writer.bytes(signature.bytes)
  }

  /// Whether the server's key `issuerKey` signed these fields and this key.
  public func isSigned(by issuerKey: Ed25519.PublicKey) -> Bool {
    let message = fields.signedBytes(with: publicKey)
    return Ed25519.isValid(signature, for: message.bytes, under: issuerKey)
  }
}

extension CertificateFields {
  init(_ reader: inout ByteReader) throws(CredentialsError) {
    try WireKind.certificate.check(try reader.uint8())
    // Reserved: the signature's algorithm and a reference to an issuance log.
    let flags = try reader.uint8()
    guard flags == 0 else { throw .reservedFlags(flags) }
    try self.init(afterFlags: &reader)
  }

  /// Reads what follows the kind and the flags.
  init(afterFlags reader: inout ByteReader) throws(CredentialsError) {
    issuer = IssuerKeyID(try reader.uint16())
    system = SystemID(try reader.uint32())
    device = DeviceID(try reader.uint64())
    generation = try reader.uint16()
    lastEpoch = try reader.uint16()
  }

  func encode(_ writer: inout ByteWriter, as kind: WireKind = .certificate, flags: UInt8 = 0) {
    writer.uint8(kind.leadingByte)
    writer.uint8(flags)
    writer.uint16(issuer.rawValue)
    writer.uint32(system.rawValue)
    writer.uint64(device.rawValue)
    writer.uint16(generation)
    writer.uint16(lastEpoch)
  }

  func signedBytes(with publicKey: X25519.PublicKey) -> SignedBytes {
    var encoded = Bytes<20>()
    var target = encoded.mutableBytes
    var writer = ByteWriter(&target)
    encode(&writer)
    var message = SignedBytes()
    message.append(encoded.bytes)
    message.append(publicKey.bytes)
    return message
  }
}

extension Bytes {
  /// The next `count` bytes of a reader.
  public init(_ reader: inout ByteReader) throws(CredentialsError) {
    self.init()
    var target = mutableBytes
    copyBytes(try reader.bytes(count), to: &target)
  }
}
