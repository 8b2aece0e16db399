// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What a record of the log says.
enum Entry: Equatable {
  /// The log's first: whose signatures it is about, and the fleet's epoch then.
  case founded(key: Ed25519.PublicKey, epoch: Epoch, time: UInt64)
  /// A share of a signature over this was given, or is about to be.
  case signed(SignedContent, Basis, time: UInt64)
  case opened(Opening)
  case closed(number: UInt32)
  /// The owner approved the statement whose signed bytes have this SHA-256.
  case approved(Bytes<32>)

  private enum Kind: UInt8 { case founded = 1, signed, opened, closed, approved }

  init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.bytes)
    guard let kind = Kind(rawValue: try reader.uint8()) else { throw .invalidValue }
    switch kind {
    case .founded:
      let key = try Bytes<32>(&reader)
      let epoch = try reader.uint16()
      self = .founded(key: key, epoch: epoch, time: try reader.uint64())
    case .signed:
      let time = try reader.uint64()
      let basis = try Basis(&reader)
      self = .signed(try SignedContent(parsing: reader.rest()), basis, time: time)
    case .opened: self = .opened(try Opening(&reader))
    case .closed: self = .closed(number: try reader.uint32())
    case .approved: self = .approved(try Bytes(&reader))
    }
    try reader.finish()
  }

  var encoded: [UInt8] {
    switch self {
    case .founded(let key, let epoch, let time):
      Self.write(.founded, 42) { writer in
        writer.bytes(key.bytes)
        writer.uint16(epoch)
        writer.uint64(time)
      }
    case .signed(let content, let basis, let time):
      Self.signed(content.signedBytes, basis, time)
    case .opened(let opening): Self.write(.opened, Opening.encodedLength) { opening.encode(&$0) }
    case .closed(let number): Self.write(.closed, 4) { $0.uint32(number) }
    case .approved(let digest): Self.write(.approved, 32) { $0.bytes(digest.bytes) }
    }
  }

  private static func signed(_ statement: [UInt8], _ basis: Basis, _ time: UInt64) -> [UInt8] {
    write(.signed, 8 + Basis.encodedLength + statement.count) { writer in
      writer.uint64(time)
      basis.encode(&writer)
      writer.bytes(statement.bytes)
    }
  }

  private static func write(_ kind: Kind, _ length: Int, _ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 + length)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint8(kind.rawValue)
    body(&writer)
    return bytes
  }
}
