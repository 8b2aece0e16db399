// SPDX-License-Identifier: Apache-2.0

import Wire

/// "The fleet's epoch is now at least this." 70 bytes signed.
public struct EpochContent: StatementContent {
  public static var kind: WireKind { .epochStatement }
  public static var contentLength: Int { 2 }

  public let epoch: Epoch
  public var flags: UInt8 { 0 }

  public init(epoch: Epoch) {
    self.epoch = epoch
  }

  public init(flags: UInt8, _ reader: inout ByteReader) throws(WireError) {
    guard flags == 0 else { throw .reservedFlags(flags) }
    epoch = try reader.uint16()
  }

  public func encode(_ writer: inout ByteWriter) {
    writer.uint16(epoch)
  }
}

public typealias EpochStatement = Statement<EpochContent>
