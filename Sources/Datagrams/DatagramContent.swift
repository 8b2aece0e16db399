// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What is sealed in a session's datagram: flags (1), the number of the next piece that is missing here (2), then what the flags announce:
/// which later ones are here (4), the longest datagram that comes through (2), a piece: its number (2) and its bytes.
struct DatagramContent: Equatable {
  /// A part of a frame.
  struct Piece: Equatable {
    let sequence: UInt16
    /// Whether the frame ends with it.
    let isLast: Bool
    let body: ArraySlice<UInt8>
  }

  /// Bytes of a datagram with a piece that are not the piece's, unless the sender says what comes through.
  static let pieceOverhead = 5

  private static let hasPiece: UInt8 = 1
  private static let isLast: UInt8 = 2
  private static let hasLater: UInt8 = 4
  private static let hasAccepts: UInt8 = 8
  private static let ends: UInt8 = 16

  /// The next piece that is missing.
  var next: UInt16
  /// Bit i: the piece `next` + 1 + i is here.
  var later: UInt32 = 0
  var accepts: UInt16?
  /// Whether the sender ends the stream.
  var ends: Bool
  var piece: Piece?

  init(next: UInt16, ends: Bool, piece: Piece?) {
    self.next = next
    self.ends = ends
    self.piece = piece
  }

  init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.bytes)
    let flags = try reader.uint8()
    guard flags & ~31 == 0 else { throw .reservedFlags(flags) }
    next = try reader.uint16()
    if flags & Self.hasLater != 0 { later = try reader.uint32() }
    if flags & Self.hasAccepts != 0 { accepts = try reader.uint16() }
    ends = flags & Self.ends != 0
    guard flags & Self.hasPiece != 0 else {
      try reader.finish()
      return
    }
    let sequence = try reader.uint16()
    piece = Piece(sequence: sequence, isLast: flags & Self.isLast != 0, body: bytes[reader.offset...])
  }

  var encodedLength: Int {
    3 + (later == 0 ? 0 : 4) + (accepts == nil ? 0 : 2) + (piece.map { 2 + $0.body.count } ?? 0)
  }

  func encoded() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: encodedLength)
    var span = bytes.mutableBytes
    var writer = ByteWriter(&span)
    let piece = piece
    writer.uint8(
      (piece == nil ? 0 : Self.hasPiece) | (piece?.isLast == true ? Self.isLast : 0)
        | (later == 0 ? 0 : Self.hasLater) | (accepts == nil ? 0 : Self.hasAccepts) | (ends ? Self.ends : 0))
    writer.uint16(next)
    if later != 0 { writer.uint32(later) }
    if let accepts { writer.uint16(accepts) }
    if let piece {
      writer.uint16(piece.sequence)
      writer.bytes(Array(piece.body).bytes)
    }
    return bytes
  }
}
