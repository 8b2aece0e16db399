// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What the owner has opened at the co-signer: within it, the server's word is enough for a while.
public struct Opening: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    /// First keys of new devices: a batch on the assembly line.
    case batch = 1
    /// Next keys without a proof: a window for firmware that cannot prove.
    case window = 2
  }

  static let encodedLength = 37

  public let kind: Kind
  /// No other opening of this log has it.
  public let number: UInt32
  public let system: SystemID
  public let devices: ClosedRange<DeviceID>
  /// How many keys at most.
  public let count: UInt32
  /// When it ends, in seconds since 1970 by the co-signer's clock.
  public let end: UInt64

  public init(
    _ kind: Kind, number: UInt32, system: SystemID, devices: ClosedRange<DeviceID>, count: UInt32, end: UInt64
  ) {
    self.kind = kind
    self.number = number
    self.system = system
    self.devices = devices
    self.count = count
    self.end = end
  }

  func covers(_ address: DeviceAddress) -> Bool { address.system == system && devices.contains(address.device) }

  init(_ reader: inout ByteReader) throws(WireError) {
    guard let kind = Kind(rawValue: try reader.uint8()) else { throw .invalidValue }
    self.kind = kind
    number = try reader.uint32()
    system = SystemID(try reader.uint32())
    let (first, last) = (DeviceID(try reader.uint64()), DeviceID(try reader.uint64()))
    guard first <= last else { throw .invalidValue }
    devices = first...last
    count = try reader.uint32()
    end = try reader.uint64()
  }

  func encode(_ writer: inout ByteWriter) {
    writer.uint8(kind.rawValue)
    writer.uint32(number)
    writer.uint32(system.rawValue)
    writer.uint64(devices.lowerBound.rawValue)
    writer.uint64(devices.upperBound.rawValue)
    writer.uint32(count)
    writer.uint64(end)
  }
}
