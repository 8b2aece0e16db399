// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// The stored form of a device without a key pair: fixed layout, big-endian, ending in a SHA-256 checksum that detects a torn
/// write.
///
/// Magic `CSSF`, version, three zero bytes, address (12), epoch (2), two zero bytes, reserved message counter (8), slots
/// (2 x 72: state, scheme, generation (2), counter (4), key (32), name (32)), checksum (32).
extension SymmetricIdentity {
  public static var fileVersion: UInt8 { 1 }
  static var slotLength: Int { 8 + 32 + 32 }
  public static var encodedLength: Int { 32 + 2 * slotLength + 32 }
  /// `CSSF`.
  private static var magic: UInt32 { 0x4353_5346 }

  /// Whether `bytes` begin as such a file does, whatever follows.
  public static func isFile(_ bytes: RawSpan) -> Bool {
    var reader = ByteReader(bytes)
    return (try? reader.uint32()) == magic
  }

  /// Loads what ``encode(into:)`` wrote. On an error this identity is empty.
  public mutating func load(_ bytes: RawSpan) throws(DeviceError) {
    clear()
    try Self.checkVersion(bytes)
    guard bytes.byteCount == Self.encodedLength else { throw .corruptFile }
    let body = bytes.extracting(0..<bytes.byteCount - 32)
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(body, into: &digestBytes)
    guard constantTimeEquals(digest.bytes, bytes.extracting(body.byteCount...)) else { throw .corruptFile }
    do throws(WireError) {
      try decode(body)
    } catch {
      clear()
      throw .corruptFile
    }
    isDirty = false
  }

  /// Comes first: a later version may have another length and another checksum.
  private static func checkVersion(_ bytes: RawSpan) throws(DeviceError) {
    var reader = ByteReader(bytes)
    let version: UInt8
    do throws(WireError) {
      guard try reader.uint32() == magic else { throw .invalidValue }
      version = try reader.uint8()
    } catch { throw .corruptFile }
    guard version == fileVersion else { throw .unknownFileVersion(version) }
  }

  private mutating func decode(_ body: RawSpan) throws(WireError) {
    var reader = ByteReader(body)
    _ = try reader.bytes(5)
    guard try reader.uint8() == 0, try reader.uint16() == 0 else { throw .invalidValue }
    address = try DeviceAddress(&reader)
    epoch = try reader.uint16()
    guard try reader.uint16() == 0 else { throw .invalidValue }
    messageCounter = MessageCounter(reserved: try reader.uint64())
    try Self.decode(&slotA, &reader)
    try Self.decode(&slotB, &reader)
    try reader.finish()
    // No step of a rotation leaves two keys in one state, or none that opens sessions.
    guard slotA.state != slotB.state, slot(.active) != nil else { throw .invalidValue }
  }

  /// Writes ``encodedLength`` bytes. They hold the keys: the caller protects and wipes them.
  public func encode(into target: inout MutableRawSpan) {
    precondition(target.byteCount >= Self.encodedLength)
    var writer = ByteWriter(&target)
    writer.uint32(Self.magic)
    writer.uint8(Self.fileVersion)
    writer.uint8(0)
    writer.uint16(0)
    address.encode(&writer)
    writer.uint16(epoch)
    writer.uint16(0)
    writer.uint64(messageCounter.reserved)
    Self.encode(slotA, &writer)
    Self.encode(slotB, &writer)
    let length = writer.offset
    _ = consume writer
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(target.bytes.extracting(0..<length), into: &digestBytes)
    copyBytes(digest.bytes, to: &target, at: length)
  }

  private static func decode(_ slot: inout SymmetricSlot, _ reader: inout ByteReader) throws(WireError) {
    guard let state = SymmetricSlot.State(rawValue: try reader.uint8()) else { throw .invalidValue }
    let scheme = try reader.uint8()
    let generation = try reader.uint16()
    let counter = try reader.uint32()
    let key = try reader.bytes(32)
    let name = try reader.bytes(32)
    guard state != .empty else { return }
    // The psk of `hybrid-ikpsk2` is kept in the same form.
    guard let scheme = SchemeID(rawValue: scheme), scheme.isSymmetric || scheme.row.hasKeyBeside,
      generation > 0
    else { throw .invalidValue }
    slot.state = state
    slot.scheme = scheme
    slot.generation = generation
    slot.counter = counter
    slot.key.copy(from: key)
    slot.name.copy(from: name)
  }

  private static func encode(_ slot: borrowing SymmetricSlot, _ writer: inout ByteWriter) {
    writer.uint8(slot.state.rawValue)
    writer.uint8(slot.state == .empty ? 0 : slot.scheme.rawValue)
    writer.uint16(slot.generation)
    writer.uint32(slot.counter)
    writer.bytes(slot.key.bytes)
    writer.bytes(slot.name.bytes)
  }
}
