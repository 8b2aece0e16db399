// SPDX-License-Identifier: Apache-2.0

import Wire

/// What a statement about the generations of one device says, in 20 bytes: which device, which generation, until when it matters,
/// and its place in the sequence. The flags byte is specific to the kind.
protocol GenerationContent: StatementContent {
  var system: SystemID { get }
  var device: DeviceID { get }
  var generation: Generation { get }
  var lastEpoch: Epoch { get }
  var sequence: UInt32 { get }

  /// - Throws: ``WireError/reservedFlags(_:)``.
  init(
    flags: UInt8, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch, sequence: UInt32
  ) throws(WireError)
}

extension GenerationContent {
  public static var contentLength: Int { 20 }

  public init(flags: UInt8, _ reader: inout ByteReader) throws(WireError) {
    try self.init(
      flags: flags, system: SystemID(try reader.uint32()), device: DeviceID(try reader.uint64()),
      generation: try reader.uint16(), lastEpoch: try reader.uint16(), sequence: try reader.uint32())
  }

  public func encode(_ writer: inout ByteWriter) {
    writer.uint32(system.rawValue)
    writer.uint64(device.rawValue)
    writer.uint16(generation)
    writer.uint16(lastEpoch)
    writer.uint32(sequence)
  }
}
