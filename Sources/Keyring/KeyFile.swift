// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// The stored form of an authority's root, sealed under a passphrase or, for development, open.
///
/// Big-endian. A header of 16 bytes: magic `CSKF`, version, protection, two zero bytes, Argon2id's passes (4) and its memory
/// in KiB (4), both zero when unsealed. Then
///
/// - sealed, 104 bytes in all: salt (16), nonce (24), XChaCha20-Poly1305 of the root (32 + 16) with everything before it as
///   associated data;
/// - unsealed, 80 bytes in all: the root (32) and SHA-256 of everything before (32).
public struct KeyFile: Equatable, Sendable {
  /// What keeps the root from whoever reads the file; one byte.
  public enum Protection: UInt8, Sendable {
    case unsealed = 0
    /// Argon2id and XChaCha20-Poly1305.
    case passphrase = 1
  }

  public static let version: UInt8 = 1
  static let headerLength = 16
  package static let sealedLength =
    headerLength + PasswordHash.saltLength + Cipher.XChaChaPoly.nonceLength + 32 + tagLength
  static let unsealedLength = headerLength + 32 + 32
  /// `CSKF`.
  private static let magic: UInt32 = 0x4353_4B46
  /// The limits for a header: a forged one must not make this machine work for hours.
  private static let passes: ClosedRange<UInt32> = 1...64
  private static let memory: ClosedRange<UInt32> = 8...4 * 1024 * 1024

  public let protection: Protection
  /// Present when sealed.
  public let cost: PasswordHash.Cost?

  /// Parses the header and checks that the length fits it. The root is not touched: see ``open(_:passphrase:)``.
  public init(decoding bytes: RawSpan) throws(KeyringError) {
    var reader = ByteReader(bytes)
    let version: UInt8
    let protection: UInt8
    let cost: PasswordHash.Cost
    do throws(WireError) {
      guard try reader.uint32() == Self.magic else { throw .invalidValue }
      version = try reader.uint8()
      protection = try reader.uint8()
      let reserved = try reader.uint16()
      guard reserved == 0 || version != Self.version else { throw .invalidValue }
      cost = PasswordHash.Cost(passes: try reader.uint32(), memory: try reader.uint32())
    } catch { throw .malformedKeyFile }
    guard version == Self.version else { throw .unknownKeyFileVersion(version) }
    switch Protection(rawValue: protection) {
    case .unsealed:
      guard bytes.byteCount == Self.unsealedLength, cost.passes == 0, cost.memory == 0 else { throw .malformedKeyFile }
      self.protection = .unsealed
      self.cost = nil
    case .passphrase:
      guard bytes.byteCount == Self.sealedLength, Self.passes ~= cost.passes, Self.memory ~= cost.memory else {
        throw .malformedKeyFile
      }
      self.protection = .passphrase
      self.cost = cost
    case nil: throw .malformedKeyFile
    }
  }

  /// Opens a key file.
  ///
  /// - Throws: ``KeyringError/malformedKeyFile``, ``KeyringError/unknownKeyFileVersion(_:)``,
  ///   ``KeyringError/passphraseRequired`` for a sealed file without one, ``KeyringError/wrongPassphrase``,
  ///   ``KeyringError/outOfMemory``.
  public static func open(_ bytes: RawSpan, passphrase: Passphrase?) throws(KeyringError) -> Authority {
    let file = try KeyFile(decoding: bytes)
    var root = SecretBytes<32>()
    switch file.cost {
    case nil:
      let body = bytes.extracting(0..<headerLength + 32)
      var digest = Bytes<32>()
      var digestBytes = digest.mutableBytes
      Hash.SHA256.hash(body, into: &digestBytes)
      guard constantTimeEquals(digest.bytes, bytes.extracting(body.byteCount...)) else { throw .malformedKeyFile }
      root.copy(from: body.extracting(headerLength...))
    case let cost?:
      let key = try sealingKey(passphrase, salt: bytes.extracting(16..<32), cost)
      var target = root.mutableBytes
      do {
        try Cipher.XChaChaPoly.open(
          bytes.extracting(56...), into: &target, key: key, nonce: bytes.extracting(32..<56),
          authenticating: bytes.extracting(0..<56))
      } catch { throw .wrongPassphrase }
    }
    do { return try Authority(root: root.bytes) } catch { throw .malformedKeyFile }
  }

  /// The stored form of an authority under a passphrase.
  public static func seal(
    _ authority: Authority, passphrase: Passphrase, cost: PasswordHash.Cost
  ) throws(KeyringError) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: sealedLength - 32 - tagLength)
    var target = head.mutableBytes
    fillWithRandomBytes(&target)
    writeHeader(.passphrase, cost, into: &target)
    let key = try sealingKey(passphrase, salt: head.bytes.extracting(16..<32), cost)
    var ciphertext = [UInt8](repeating: 0, count: 32 + tagLength)
    var output = ciphertext.mutableBytes
    authority.withRoot { root in
      Cipher.XChaChaPoly.seal(
        root.bytes, into: &output, key: key, nonce: head.bytes.extracting(32..<56), authenticating: head.bytes)
    }
    return head + ciphertext
  }

  /// The stored form of an authority without protection. The caller wipes it.
  public static func encodeUnsealed(_ authority: Authority) -> [UInt8] {
    var encoded = [UInt8](repeating: 0, count: unsealedLength)
    var target = encoded.mutableBytes
    writeHeader(.unsealed, PasswordHash.Cost(passes: 0, memory: 0), into: &target)
    authority.withRoot { copyBytes($0.bytes, to: &target, at: headerLength) }
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(target.bytes.extracting(0..<headerLength + 32), into: &digestBytes)
    copyBytes(digest.bytes, to: &target, at: headerLength + 32)
    return encoded
  }

  private static func writeHeader(
    _ protection: Protection, _ cost: PasswordHash.Cost, into target: inout MutableRawSpan
  ) {
    var writer = ByteWriter(&target)
    writer.uint32(magic)
    writer.uint8(version)
    writer.uint8(protection.rawValue)
    writer.uint16(0)
    writer.uint32(cost.passes)
    writer.uint32(cost.memory)
  }

  private static func sealingKey(
    _ passphrase: Passphrase?, salt: RawSpan, _ cost: PasswordHash.Cost
  ) throws(KeyringError) -> SecretBytes<32> {
    guard let passphrase else { throw .passphraseRequired }
    var key = SecretBytes<32>()
    do {
      try PasswordHash.deriveKey(passphrase: passphrase.bytes, salt: salt, cost: cost, into: &key)
    } catch { throw .outOfMemory }
    return key
  }
}
