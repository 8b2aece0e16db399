// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// "So far this many keys have been certified, and this is the head of the issuance log." 104 bytes signed. Two statements whose
/// logs do not continue one another prove that the log was rewritten.
public struct IssuanceContent: StatementContent {
  public static var kind: WireKind { .issuanceStatement }
  public static var contentLength: Int { 36 }

  /// Lines of the log.
  public let count: UInt32
  /// The hash that the log's last line ends with.
  public let head: Bytes<32>
  public var flags: UInt8 { 0 }

  public init(count: UInt32, head: Bytes<32>) {
    self.count = count
    self.head = head
  }

  public init(flags: UInt8, _ reader: inout ByteReader) throws(WireError) {
    guard flags == 0 else { throw .reservedFlags(flags) }
    count = try reader.uint32()
    head = try Bytes(&reader)
  }

  public func encode(_ writer: inout ByteWriter) {
    writer.uint32(count)
    writer.bytes(head.bytes)
  }
}

public typealias IssuanceStatement = Statement<IssuanceContent>
