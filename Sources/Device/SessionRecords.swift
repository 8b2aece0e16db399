// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise
import Records
import Schemes
import Wire

/// The records of a session with the server, sealed and opened under its keys. The device's side.
extension SessionKeys {
  /// Seals a record and returns the frame's length.
  public mutating func seal(_ record: DeviceRecord, into frame: inout MutableRawSpan) throws(DeviceError) -> Int {
    let needed = record.encodedLength + tagLength
    guard needed <= Framing.maximumFrameLength else { throw .messageTooLong }
    guard frame.byteCount >= needed else { throw .noise(.bufferTooSmall(needed: needed)) }
    let length = record.encode(into: &frame) + tagLength
    var message = frame.prefix(length)
    do { try sending.encrypt(inPlace: &message) } catch { throw .noise(error) }
    return length
  }

  /// Opens a frame in place; the record lives in it.
  @_lifetime(copy frame)
  public mutating func open(_ frame: inout MutableRawSpan) throws(DeviceError) -> ServerRecord {
    do { try receiving.decrypt(inPlace: &frame) } catch { throw .noise(error) }
    do {
      return try ServerRecord(
        decoding: _overrideLifetime(frame.bytes.extracting(0..<frame.byteCount - tagLength), copying: frame))
    } catch { throw DeviceError(record: error) }
  }
}
