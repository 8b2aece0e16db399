// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// How far a log has come: how many records, and a hash over all of them. Who remembers it recognises an older log, and another one.
public struct LogHead: Equatable, Sendable {
  /// Count (8) and hash (32).
  public static let encodedLength = 40

  public let count: UInt64
  public let hash: Bytes<32>

  /// Of a log that nobody has seen yet.
  public static let none = LogHead(count: 0, hash: Bytes())

  public init(count: UInt64, hash: Bytes<32>) {
    self.count = count
    self.hash = hash
  }

  public init(_ reader: inout ByteReader) throws(WireError) {
    count = try reader.uint64()
    hash = try Bytes(&reader)
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(_ writer: inout ByteWriter) {
    writer.uint64(count)
    writer.bytes(hash.bytes)
  }

  /// The head after one more record.
  func adding(_ body: RawSpan) -> LogHead {
    var hash = Hash.SHA256()
    hash.update("countersign-v1 cosigner log")
    hash.update(self.hash.bytes)
    hash.update(body)
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    hash.finalize(into: &target)
    return LogHead(count: count + 1, hash: digest)
  }
}
