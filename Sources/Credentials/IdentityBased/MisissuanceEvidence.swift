// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// Two different credentials for one generation of one device: an honest issuer never makes the second.
///
/// Anyone can check that the two contradict each other. Once each has been used, both were evidently *issued*, because without
/// the master key nobody has a private key to a credential of their own making. So a party that has authenticated the holders of
/// both records the object, such as the server, whose registry holds one and to which a device has just shown the other. Layout:
/// kind, zero, two credentials (2 x 52), the one with the smaller bytes first. 106 bytes.
public struct MisissuanceEvidence: Equatable, Sendable {
  public static let encodedLength = 2 + 2 * IdentityCredential.encodedLength

  public let first: IdentityCredential
  public let second: IdentityCredential

  /// - Throws: ``CredentialsError/notEvidence`` when the two are equal, or about different issuers, devices or generations.
  public init(_ a: IdentityCredential, _ b: IdentityCredential) throws(CredentialsError) {
    let isOneSubject =
      a.fields.issuer == b.fields.issuer && a.fields.address == b.fields.address
      && a.fields.generation == b.fields.generation
    guard isOneSubject, let isAscending = a.precedes(b) else { throw .notEvidence }
    first = isAscending ? a : b
    second = isAscending ? b : a
  }

  /// Checks in addition that both credentials lead to keys under `master`.
  public func check(under master: MasterPublicKey) throws(CredentialsError) {
    _ = try first.publicKey(under: master)
    _ = try second.publicKey(under: master)
  }

  public init(decoding bytes: RawSpan) throws(CredentialsError) {
    let (a, b) = try parsing(try Self.parse(bytes))
    try self.init(a, b)
    // One encoding for one fact.
    guard first == a else { throw .notEvidence }
  }

  private static func parse(_ bytes: RawSpan) throws(WireError) -> (IdentityCredential, IdentityCredential) {
    var reader = ByteReader(bytes)
    try WireKind.misissuanceEvidence.check(try reader.uint8())
    let flags = try reader.uint8()
    guard flags == 0 else { throw .reservedFlags(flags) }
    let a = try IdentityCredential(decoding: try reader.bytes(IdentityCredential.encodedLength))
    let b = try IdentityCredential(decoding: try reader.bytes(IdentityCredential.encodedLength))
    try reader.finish()
    return (a, b)
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    target.storeBytes(of: WireKind.misissuanceEvidence.leadingByte, as: UInt8.self)
    target.storeBytes(of: 0, toByteOffset: 1, as: UInt8.self)
    var rest = target.suffix(from: 2)
    first.encode(into: &rest)
    var last = rest.suffix(from: IdentityCredential.encodedLength)
    second.encode(into: &last)
  }
}

extension IdentityCredential {
  /// Whether this one's bytes sort before the other's; nil when they are equal.
  fileprivate func precedes(_ other: IdentityCredential) -> Bool? {
    var mine = Bytes<52>()
    var theirs = Bytes<52>()
    var target = mine.mutableBytes
    encode(into: &target)
    target = theirs.mutableBytes
    other.encode(into: &target)
    for index in 0..<Self.encodedLength where mine[index] != theirs[index] { return mine[index] < theirs[index] }
    return nil
  }
}
