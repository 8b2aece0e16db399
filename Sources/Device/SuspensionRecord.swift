// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records
import Schemes
import Wire

/// One stored state of a suspended session, 64 bytes: its name (8), the chain's key (32), the counter that this is the key of (4), the first
/// counter that the server is not known to have (4), the message number of wake-up 0 (8), how many wake-ups there may be, the highest
/// bit set while the server has not answered (2), the epoch in which it was suspended (2), CRC-32 of all before (4).
struct SuspensionRecord: ~Copyable {
  static var length: Int { 64 }
  private static var pendingBit: UInt16 { 1 << 15 }

  var name = Bytes<8>()
  var chain = Chain()
  var counter: UInt32 = 0
  var acknowledged: UInt32 = 0
  var firstMessage: UInt64 = 0
  var wakeUps: UInt16 = 0
  var isPending = false
  var epoch: Epoch = 0

  init() {}

  mutating func wipe() { chain.wipe() }

  /// Takes a record; false for one that was erased, or not written to its end.
  mutating func load(_ bytes: RawSpan) -> Bool {
    let body = bytes.extracting(0..<Self.length - 4)
    var reader = ByteReader(bytes)
    do throws(WireError) {
      name = try Bytes(&reader)
      chain.load(try reader.bytes(32))
      counter = try reader.uint32()
      acknowledged = try reader.uint32()
      firstMessage = try reader.uint64()
      let wakeUps = try reader.uint16()
      isPending = wakeUps & Self.pendingBit != 0
      self.wakeUps = wakeUps & ~Self.pendingBit
      epoch = try reader.uint16()
      let checksum = try reader.uint32()
      return self.wakeUps > 0 && acknowledged <= counter && checksum == Self.checksum(body)
    } catch { return false }
  }

  /// Writes ``length`` bytes, which hold a key.
  borrowing func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    writer.bytes(name.bytes)
    chain.withKey { writer.bytes($0.bytes) }
    writer.uint32(counter)
    writer.uint32(acknowledged)
    writer.uint64(firstMessage)
    writer.uint16(wakeUps | (isPending ? Self.pendingBit : 0))
    writer.uint16(epoch)
    _ = consume writer
    let checksum = Self.checksum(target.bytes.extracting(0..<Self.length - 4))
    target.storeBytes(of: checksum.bigEndian, toByteOffset: Self.length - 4, as: UInt32.self)
  }

  /// CRC-32 as in IEEE 802.3.
  private static func checksum(_ bytes: RawSpan) -> UInt32 {
    var sum: UInt32 = .max
    for index in 0..<bytes.byteCount {
      sum ^= UInt32(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      // Without a branch: some of these bytes are a key.
      for _ in 0..<8 { sum = (sum >> 1) ^ (0xEDB8_8320 & (0 &- (sum & 1))) }
    }
    return ~sum
  }
}
