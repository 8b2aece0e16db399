// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records
import Wire

/// What a record of a channel binds beside its text: its direction, both ends, the channel, and every clear field that follows from the
/// sender's will. The relay can change none of it.
struct ChannelBinding {
  private var storage = Bytes<73>()
  private let count: Int

  /// Of a report: 65 bytes.
  init(
    report: ChannelRecord.Report, from device: DeviceAddress, to application: DeviceAddress
  ) {
    var target = storage.mutableBytes
    var writer = ByteWriter(&target)
    Self.begin(&writer, type: 0x11, from: device, to: application, report.channel)
    writer.uint64(report.id.rawValue)
    writer.uint8(report.flags)
    writer.uint64(report.request ?? 0)
    let length = writer.offset
    _ = consume writer
    count = length
  }

  /// Of a request: 73 bytes. Its counter is the nonce.
  init(
    request: RequestID, flags: RequestFlags, instance: InstanceID, channel: ChannelID, from application: DeviceAddress,
    to device: DeviceAddress
  ) {
    var target = storage.mutableBytes
    var writer = ByteWriter(&target)
    Self.begin(&writer, type: 0x1B, from: application, to: device, channel)
    writer.uint64(request)
    writer.bytes(instance.bytes)
    writer.uint8(flags.rawValue)
    let length = writer.offset
    _ = consume writer
    count = length
  }

  private static func begin(
    _ writer: inout ByteWriter, type: UInt8, from: DeviceAddress, to: DeviceAddress, _ channel: ChannelID
  ) {
    let label: StaticString = "countersign-v1"
    writer.bytes(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
    writer.uint8(0)
    writer.uint8(type)
    from.encode(&writer)
    to.encode(&writer)
    writer.bytes(channel.bytes)
  }

  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get { storage.bytes.extracting(0..<count) }
  }
}
