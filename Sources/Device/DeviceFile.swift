// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// The stored form of an identity: fixed layout, big-endian, ending in a SHA-256 checksum that detects a torn write.
///
/// Magic `CSDF`, version, scheme, two zero bytes, device id (8), server key (32), revocation sequence (4), reserved counter
/// (8), slots (2 x 152: state, zero, private key, certificate, zeros), trust store, master public key (32, zero where there is
/// none; version 1 ends without it), checksum (32).
extension DeviceIdentity {
  public static let fileVersion: UInt8 = 2
  static let slotLength = 2 + 32 + Certificate.standaloneLength + 2
  public static let encodedLength = 60 + 2 * slotLength + TrustStore.encodedLength + 32 + 32

  /// Loads what ``encode(into:)`` wrote. On an error this identity is empty.
  ///
  /// - Throws: ``DeviceError/corruptFile``, ``DeviceError/unknownFileVersion(_:)``; in firmware built with
  ///   `COUNTERSIGN_CERTIFICATES_ONLY` ``SchemesError/unexpectedScheme(_:)`` for a device of `identity-based`.
  public mutating func load(_ bytes: RawSpan) throws(DeviceError) {
    clear()
    let hasMaster = try Self.version(bytes) > 1
    guard bytes.byteCount == Self.encodedLength - (hasMaster ? 0 : 32) else { throw .corruptFile }
    let body = bytes.extracting(0..<bytes.byteCount - 32)
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(body, into: &digestBytes)
    guard constantTimeEquals(digest.bytes, bytes.extracting(body.byteCount...)) else { throw .corruptFile }
    do throws(DeviceError) {
      try decode(body, hasMaster: hasMaster)
    } catch {
      clear()
      throw error
    }
    isDirty = false
  }

  private mutating func decode(_ body: RawSpan, hasMaster: Bool) throws(DeviceError) {
    var reader = ByteReader(body)
    do throws(WireError) {
      _ = try reader.bytes(5)
      guard let scheme = SchemeID(rawValue: try reader.uint8()) else { throw .invalidValue }
      self.scheme = scheme
      guard try reader.uint16() == 0 else { throw .invalidValue }
      let device = DeviceID(try reader.uint64())
      serverKey = try Bytes(&reader)
      revocationSequence = try reader.uint32()
      messageCounter = MessageCounter(reserved: try reader.uint64())
      try Self.decode(&slotA, &reader)
      try Self.decode(&slotB, &reader)
      try trust.load(&reader)
      let master = hasMaster ? try Bytes<32>(&reader) : Bytes()
      do { trust.setMaster(master == Bytes() ? nil : try MasterPublicKey(decoding: master)) } catch {
        throw .invalidValue
      }
      address = DeviceAddress(system: trust.system, device: device)
      try reader.finish()
    } catch { throw .corruptFile }
    // No step of a rotation leaves two keys in one state.
    guard slotA.state != slotB.state else { throw .corruptFile }
    #if COUNTERSIGN_CERTIFICATES_ONLY
      guard scheme.row.shown != .credential else { throw .schemes(.unexpectedScheme(scheme.rawValue)) }
    #endif
  }

  /// Comes first: a later version may have another length and another checksum.
  private static func version(_ bytes: RawSpan) throws(DeviceError) -> UInt8 {
    var reader = ByteReader(bytes)
    let version: UInt8
    do throws(WireError) {
      guard try reader.uint32() == magic else { throw .invalidValue }
      version = try reader.uint8()
    } catch { throw .corruptFile }
    guard version > 0, version <= fileVersion else { throw .unknownFileVersion(version) }
    return version
  }

  /// Writes ``encodedLength`` bytes. They hold the private keys: the caller protects and wipes them.
  public func encode(into target: inout MutableRawSpan) {
    precondition(target.byteCount >= Self.encodedLength)
    var writer = ByteWriter(&target)
    writer.uint32(Self.magic)
    writer.uint8(Self.fileVersion)
    writer.uint8(scheme.rawValue)
    writer.uint16(0)
    writer.uint64(address.device.rawValue)
    writer.bytes(serverKey.bytes)
    writer.uint32(revocationSequence)
    writer.uint64(reservedCounter)
    Self.encode(slotA, &writer)
    Self.encode(slotB, &writer)
    trust.encode(&writer)
    writer.bytes((trust.master?.bytes ?? Bytes()).bytes)
    let length = writer.offset
    _ = consume writer
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(target.bytes.extracting(0..<length), into: &digestBytes)
    copyBytes(digest.bytes, to: &target, at: length)
  }

  private static var magic: UInt32 { 0x4353_4446 }

  private static func decode(_ slot: inout KeySlot, _ reader: inout ByteReader) throws(WireError) {
    guard let state = KeySlot.State(rawValue: try reader.uint8()) else { throw .invalidValue }
    guard try reader.uint8() == 0 else { throw .invalidValue }
    let key = try reader.bytes(32)
    let certificate = try reader.bytes(Certificate.standaloneLength)
    guard try reader.uint16() == 0 else { throw .invalidValue }
    slot.state = state
    guard state != .empty else { return }
    do { try slot.key.load(key) } catch { throw .invalidValue }
    guard state != .pending, state != .requested else { return }
    let length = Certificate.handshakeLength(of: certificate) + X25519.keyLength
    slot.certificate = try Certificate(decoding: certificate.extracting(0..<length))
    for index in length..<certificate.byteCount where certificate.unsafeLoad(fromByteOffset: index, as: UInt8.self) != 0
    {
      throw .invalidValue
    }
    guard slot.certificate?.publicKey == slot.key.publicKey else { throw .invalidValue }
  }

  private static func encode(_ slot: borrowing KeySlot, _ writer: inout ByteWriter) {
    writer.uint8(slot.state.rawValue)
    writer.uint8(0)
    writer.bytes(slot.key.secretBytes)
    var encoded = Bytes<116>()
    if let certificate = slot.certificate {
      var target = encoded.mutableBytes
      certificate.encode(into: &target)
    }
    writer.bytes(encoded.bytes)
    writer.uint16(0)
  }
}
