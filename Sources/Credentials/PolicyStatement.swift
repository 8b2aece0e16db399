// SPDX-License-Identifier: Apache-2.0

import Wire

/// "Devices of one system may open conversations with devices of another." 78 bytes signed.
public struct PolicyContent: StatementContent {
  public static var kind: WireKind { .policyStatement }
  public static var contentLength: Int { 10 }

  /// The system whose devices may speak first.
  public let from: SystemID
  /// The system whose devices then answer.
  public let to: SystemID
  /// The last epoch in which the permission holds.
  public let lastEpoch: Epoch
  public var flags: UInt8 { 0 }

  public init(from: SystemID, to: SystemID, lastEpoch: Epoch) {
    self.from = from
    self.to = to
    self.lastEpoch = lastEpoch
  }

  public init(flags: UInt8, _ reader: inout ByteReader) throws(WireError) {
    guard flags == 0 else { throw .reservedFlags(flags) }
    from = SystemID(try reader.uint32())
    to = SystemID(try reader.uint32())
    lastEpoch = try reader.uint16()
  }

  public func encode(_ writer: inout ByteWriter) {
    writer.uint32(from.rawValue)
    writer.uint32(to.rawValue)
    writer.uint16(lastEpoch)
  }
}

public typealias PolicyStatement = Statement<PolicyContent>
