// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records
import Wire

/// The stored form of a device's channel, big-endian: magic `CSCH`, version, a zero byte, the application's generation (2), device (12),
/// application (12), channel (8), the opener's generation (2), its last epoch (2), epoch (2), two zero bytes, when it was opened (8), U
/// (32), D (32), the instances (8 x 32: instance, one more than its highest counter, the last 64), SHA-256 of all of it (32).
extension DeviceChannel {
  public static let fileVersion: UInt8 = 1
  public static let encodedLength = 376 + 32

  private static var magic: UInt32 { 0x4353_4348 }

  /// Writes ``encodedLength`` bytes. They hold the channel's keys: the caller protects and wipes them.
  public func encode(into target: inout MutableRawSpan) {
    precondition(target.byteCount >= Self.encodedLength)
    var writer = ByteWriter(&target)
    writer.uint32(Self.magic)
    writer.uint8(Self.fileVersion)
    writer.uint8(0)
    writer.uint16(applicationGeneration)
    device.encode(&writer)
    application.encode(&writer)
    writer.bytes(id.bytes)
    writer.uint16(generation)
    writer.uint16(lastEpoch)
    writer.uint16(epoch)
    writer.uint16(0)
    writer.uint64(openedAt)
    writer.bytes(reportKey.bytes)
    writer.bytes(requestKey.bytes)
    for index in instances.indices {
      writer.bytes(instances[index].instance.bytes)
      writer.uint64(instances[index].next)
      writer.uint64(instances[index].had)
    }
    let length = writer.offset
    _ = consume writer
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(target.bytes.extracting(0..<length), into: &digestBytes)
    copyBytes(digest.bytes, to: &target, at: length)
  }

  /// Loads what ``encode(into:)`` wrote, in place. On an error the channel is closed.
  ///
  /// - Throws: ``DeviceError/corruptFile``, ``DeviceError/unknownFileVersion(_:)``.
  public mutating func load(_ bytes: RawSpan) throws(DeviceError) {
    wipe()
    guard bytes.byteCount == Self.encodedLength else { throw .corruptFile }
    let body = bytes.extracting(0..<Self.encodedLength - 32)
    var digest = Bytes<32>()
    var digestBytes = digest.mutableBytes
    Hash.SHA256.hash(body, into: &digestBytes)
    guard constantTimeEquals(digest.bytes, bytes.extracting(body.byteCount...)) else { throw .corruptFile }
    let version: UInt8
    do { version = try decode(body) } catch {
      wipe()
      throw .corruptFile
    }
    guard version == Self.fileVersion else {
      wipe()
      throw .unknownFileVersion(version)
    }
    isDirty = false
  }

  /// Reads the fields of a whole file and returns its version; another one's fields are not read.
  private mutating func decode(_ body: RawSpan) throws(WireError) -> UInt8 {
    var reader = ByteReader(body)
    guard try reader.uint32() == Self.magic else { throw .invalidValue }
    let version = try reader.uint8()
    guard version == Self.fileVersion else { return version }
    guard try reader.uint8() == 0 else { throw .invalidValue }
    applicationGeneration = try reader.uint16()
    device = try DeviceAddress(&reader)
    application = try DeviceAddress(&reader)
    id = try ChannelID(&reader)
    generation = try reader.uint16()
    lastEpoch = try reader.uint16()
    epoch = try reader.uint16()
    guard try reader.uint16() == 0 else { throw .invalidValue }
    openedAt = try reader.uint64()
    reportKey.copy(from: try reader.bytes(32))
    requestKey.copy(from: try reader.bytes(32))
    for index in instances.indices {
      instances[index].instance = try InstanceID(&reader)
      instances[index].next = try reader.uint64()
      instances[index].had = try reader.uint64()
    }
    try reader.finish()
    return version
  }
}
