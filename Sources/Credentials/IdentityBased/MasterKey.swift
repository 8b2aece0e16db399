// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// The public half of the key that identity-based credentials are issued under: a point of Edwards25519, 32 bytes.
public struct MasterPublicKey: Equatable, Hashable, Sendable {
  public let point: Edwards25519.Point
  /// What credentials name it by: the first two bytes of SHA-256 over a label and the point.
  public let keyID: IssuerKeyID

  public init(_ point: Edwards25519.Point) {
    self.point = point
    var hash = Hash.SHA256()
    let label: StaticString = "countersign-v1 master key id"
    hash.update(label)
    hash.update(point.bytes.bytes)
    var digest = Bytes<32>()
    var bytes = digest.mutableBytes
    hash.finalize(into: &bytes)
    keyID = IssuerKeyID(UInt16(digest[0]) << 8 | UInt16(digest[1]))
  }

  /// - Throws: ``CredentialsError/invalidPoint``.
  public init(decoding bytes: Bytes<32>) throws(CredentialsError) {
    do { self.init(try Edwards25519.Point(decoding: bytes)) } catch { throw .invalidPoint }
  }

  public var bytes: Bytes<32> { point.bytes }
}

/// The key that identity-based credentials are issued under. Whoever has it can issue a credential for anyone.
///
/// HKDF-SHA512 derives two keys from a 32-byte seed, each under its own label: the scalar x, and a second key that keeps the
/// issuer's random numbers distinct even if its random generator repeats itself. Two credentials with the same r would give x
/// away.
public struct MasterKey: ~Copyable, Sendable {
  private var scalar = Edwards25519.Scalar()
  private var nonceKey = SecretBytes<32>()
  public let publicKey: MasterPublicKey

  /// - Parameter seed: 32 secret bytes.
  /// - Throws: ``CredentialsError/invalidPoint`` when the scalar would be 0, which no known seed leads to.
  public init(seed: RawSpan) throws(CredentialsError) {
    var wide = SecretBytes<64>()
    defer { wide.wipe() }
    var target = wide.mutableBytes
    Self.derive("scalar", from: seed, into: &target)
    scalar.reduce(wide.bytes)
    do { publicKey = MasterPublicKey(try Edwards25519.Point(base: scalar)) } catch { throw .invalidPoint }
    var nonce = nonceKey.mutableBytes
    Self.derive("nonce key", from: seed, into: &nonce)
  }

  /// r for one credential: HMAC-SHA512(nonce key, fields with kind and flags, device's point or 32 zeros, random) mod L.
  ///
  /// - Parameter random: 32 random bytes; empty for escrow, whose r must come out the same each time.
  func drawNonce(
    _ fields: CertificateFields, _ issuance: IdentityCredential.Issuance, device: Bytes<32>, random: RawSpan,
    into r: inout Edwards25519.Scalar
  ) {
    var subject = Bytes<20>()
    var target = subject.mutableBytes
    var writer = ByteWriter(&target)
    fields.encode(&writer, as: .identityCredential, flags: issuance.rawValue)
    _ = consume writer
    var wide = SecretBytes<64>()
    defer { wide.wipe() }
    var digest = wide.mutableBytes
    var mac = Hash.HMAC<Hash.SHA512>(key: nonceKey.bytes)
    mac.update(subject.bytes)
    mac.update(device.bytes)
    mac.update(random)
    mac.finalize(into: &digest)
    r.reduce(wide.bytes)
  }

  /// Adds h times x to a scalar.
  func addProduct(_ h: borrowing Edwards25519.Scalar, to sum: inout Edwards25519.Scalar) {
    var product = Edwards25519.Scalar()
    defer { product.wipe() }
    product.copy(from: scalar)
    product.multiply(by: h)
    sum.add(product)
  }

  /// Overwrites the secret halves.
  public mutating func wipe() {
    scalar.wipe()
    nonceKey.wipe()
  }

  private static func derive(_ info: StaticString, from seed: RawSpan, into key: inout MutableRawSpan) {
    let salt: StaticString = "countersign-v1 identity master"
    Hash.HKDF<Hash.SHA512>.deriveKey(
      inputKeyMaterial: seed, salt: RawSpan(_unsafeStart: salt.utf8Start, byteCount: salt.utf8CodeUnitCount),
      info: RawSpan(_unsafeStart: info.utf8Start, byteCount: info.utf8CodeUnitCount), into: &key)
  }
}
