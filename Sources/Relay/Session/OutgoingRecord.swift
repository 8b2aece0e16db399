// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Noise
import Records
import Wire

/// A record on its way to a device: laid out as its frame, so that it is sealed in place and sent without another copy.
///
/// The thread that makes it need not be the one that has the device's session; only the latter seals it.
package struct OutgoingRecord: Sendable {
  /// Length, record, and room for the tag.
  private(set) var frame: [UInt8]

  package init(_ record: borrowing ServerRecord) {
    let length = record.encodedLength + tagLength
    frame = [UInt8](repeating: 0, count: Framing.headerLength + length)
    frame[0] = UInt8(truncatingIfNeeded: length >> 8)
    frame[1] = UInt8(truncatingIfNeeded: length)
    var place = frame.mutableBytes
    var body = place.suffix(from: Framing.headerLength)
    _ = record.encode(into: &body)
  }

  var byteCount: Int { frame.count }

  /// Bytes of the record itself.
  var recordLength: Int { frame.count - Framing.headerLength - tagLength }

  /// Roughly how many bytes of memory it takes while it waits.
  var storedByteCount: Int { frame.count + 128 }

  /// Seals the record and returns the frame.
  consuming func sealed(_ sending: inout CipherState<Cipher.ChaChaPoly>) throws(NoiseError) -> [UInt8] {
    var place = frame.mutableBytes
    var message = place.suffix(from: Framing.headerLength)
    try sending.encrypt(inPlace: &message)
    return frame
  }
}
