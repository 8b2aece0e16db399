// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

extension IBE {
  /// What a message is sealed to: a device of a system, for a range of epochs.
  ///
  /// The issuer revokes a device by not issuing its key for the next range.
  public struct Identity: Hashable, Sendable {
    /// Length of an encoded identity, in bytes: system 4, device 8, first and last epoch 2 each, all big-endian.
    public static let encodedLength = 16

    public let address: DeviceAddress
    /// The epochs for which a key of this identity is issued, both ends included.
    public let epochs: ClosedRange<Epoch>

    public init(_ address: DeviceAddress, epochs: ClosedRange<Epoch>) {
      self.address = address
      self.epochs = epochs
    }

    /// - Throws: ``WireError`` for bytes that are not exactly one identity, or whose first epoch comes after the last.
    public init(decoding bytes: RawSpan) throws(WireError) {
      var reader = ByteReader(bytes)
      address = try DeviceAddress(&reader)
      let first = try reader.uint16()
      let last = try reader.uint16()
      guard reader.remaining == 0 else {
        throw .wrongLength(expected: Self.encodedLength, actual: bytes.byteCount)
      }
      guard first <= last else { throw .invalidValue }
      epochs = first...last
    }

    /// The encoding that is hashed to the curve.
    public var bytes: Bytes<16> {
      var encoded = Bytes<16>()
      var target = encoded.mutableBytes
      var writer = ByteWriter(&target)
      address.encode(&writer)
      writer.uint16(epochs.lowerBound)
      writer.uint16(epochs.upperBound)
      _ = consume writer
      return encoded
    }
  }
}
