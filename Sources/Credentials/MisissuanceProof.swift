// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// Two certificates under one issuing key that give one generation of one device to two keys: no honest owner signs both. Whoever
/// has the issuer's public key can check it, without a registry and without trusting its bearer.
///
/// Layout: kind, flags (0), both certificates in standalone form, the one with the smaller key first.
public struct MisissuanceProof: Equatable, Sendable {
  public static let encodedLength = 2 + 2 * Certificate.standaloneLength

  public let first: Certificate
  public let second: Certificate

  /// - Throws: ``CredentialsError/subjectMismatch`` when the two are not about one generation of one device under one issuer, or
  ///   have the same key, or no signature: then they prove nothing.
  public init(_ a: Certificate, _ b: Certificate) throws(CredentialsError) {
    // What has no signature proves nothing alone: see ``MisissuanceEvidence``.
    guard a.signature != nil, b.signature != nil, a.fields.issuer == b.fields.issuer,
      a.fields.address == b.fields.address,
      a.fields.generation == b.fields.generation, let isOrdered = a.publicKey.precedes(b.publicKey)
    else { throw .subjectMismatch }
    first = isOrdered ? a : b
    second = isOrdered ? b : a
  }

  /// Parses the encoded form. The signatures are not checked here: see ``isValid(under:)``.
  public init(decoding bytes: RawSpan) throws(CredentialsError) {
    let (a, b) = try parsing(try Self.parse(bytes))
    try self.init(a, b)
  }

  private static func parse(_ bytes: RawSpan) throws(WireError) -> (Certificate, Certificate) {
    var reader = ByteReader(bytes)
    try WireKind.misissuanceProof.check(try reader.uint8())
    let flags = try reader.uint8()
    guard flags == 0 else { throw .reservedFlags(flags) }
    let a = try Certificate(decoding: try reader.bytes(Certificate.standaloneLength))
    let b = try Certificate(decoding: try reader.bytes(Certificate.standaloneLength))
    try reader.finish()
    return (a, b)
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    target.storeBytes(of: WireKind.misissuanceProof.leadingByte, as: UInt8.self)
    target.storeBytes(of: 0, toByteOffset: 1, as: UInt8.self)
    var rest = target.suffix(from: 2)
    first.encode(into: &rest)
    var last = target.suffix(from: 2 + Certificate.standaloneLength)
    second.encode(into: &last)
  }

  /// Whether `issuerKey` signed both: then its holder has issued twice.
  public func isValid(under issuerKey: Ed25519.PublicKey) -> Bool {
    first.isSigned(by: issuerKey) && second.isSigned(by: issuerKey)
  }
}

extension Bytes {
  /// Whether these bytes come before others; nil when they are the same.
  fileprivate func precedes(_ other: Bytes<count>) -> Bool? {
    for index in 0..<count where self[index] != other[index] { return self[index] < other[index] }
    return nil
  }
}
