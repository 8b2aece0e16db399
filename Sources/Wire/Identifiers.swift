// SPDX-License-Identifier: Apache-2.0

/// A device's number within its system: 8 bytes, so that an EUI-64 fits. Written as 16 hexadecimal digits.
public struct DeviceID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  public init(_ rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public static func < (a: DeviceID, b: DeviceID) -> Bool { a.rawValue < b.rawValue }
}

/// A customer's system: devices of one system talk to one another and to nobody else, unless a policy says so.
public struct SystemID: Hashable, Comparable, Sendable {
  public let rawValue: UInt32

  @inlinable
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  @inlinable
  public static func < (a: SystemID, b: SystemID) -> Bool { a.rawValue < b.rawValue }
}

/// Numbers a device's keys: the key from assembly is generation 1, and each replacement raises it.
public typealias Generation = UInt16

/// The fleet's clock: a number that the server advances and signs. It never goes back and is never a date.
public typealias Epoch = UInt16

/// Which signing key of the server made a signature: the first two bytes of a hash of the public key.
public struct IssuerKeyID: Hashable, Sendable {
  public let rawValue: UInt16

  @inlinable
  public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// Where a message goes or comes from: a device of a system, 12 bytes on the wire.
public struct DeviceAddress: Hashable, Sendable {
  public static let encodedLength = 12

  public let system: SystemID
  public let device: DeviceID

  public init(system: SystemID, device: DeviceID) {
    self.system = system
    self.device = device
  }

  public init(_ reader: inout ByteReader) throws(WireError) {
    system = SystemID(try reader.uint32())
    device = DeviceID(try reader.uint64())
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(_ writer: inout ByteWriter) {
    writer.uint32(system.rawValue)
    writer.uint64(device.rawValue)
  }
}
