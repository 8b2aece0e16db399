// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Puts pieces in order and frames together.
struct PieceArrivals {
  /// The number of the next piece that is missing.
  private(set) var next: UInt16 = 0
  /// Pieces that came before others in front of them.
  private var early: [UInt16: DatagramContent.Piece] = [:]
  private var frame: [UInt8] = []
  private var frames = Deque<[UInt8]>()
  private(set) var unreadBytes = 0
  /// Whether a frame was longer than it may be, or what was sealed makes no sense.
  var isBroken = false

  /// Which pieces after the missing one are here: bit i is that of number ``next`` + 1 + i.
  var later: UInt32 {
    early.keys.reduce(0) { $0 | 1 << UInt32($1 &- next &- 1) }
  }

  mutating func take(_ piece: DatagramContent.Piece, maximumFrameLength: Int) {
    let distance = Int16(bitPattern: piece.sequence &- next)
    guard !isBroken, distance >= 0, distance <= DatagramStream.window, early[piece.sequence] == nil else { return }
    guard distance == 0 else {
      early[piece.sequence] = piece
      return
    }
    append(piece, maximumFrameLength)
    while let following = early.removeValue(forKey: next) { append(following, maximumFrameLength) }
  }

  private mutating func append(_ piece: DatagramContent.Piece, _ maximumFrameLength: Int) {
    next &+= 1
    frame += piece.body
    guard frame.count <= maximumFrameLength else {
      isBroken = true
      return
    }
    guard piece.isLast else { return }
    unreadBytes += frame.count
    frames.append(frame)
    frame = []
  }

  mutating func popFrame() -> [UInt8]? {
    guard let first = frames.popFirst() else { return nil }
    unreadBytes -= first.count
    return first
  }
}
