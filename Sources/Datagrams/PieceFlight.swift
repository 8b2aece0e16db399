// SPDX-License-Identifier: Apache-2.0

/// The pieces that are under way to the other side, and when to send one again: after as long as an answer takes (RFC 6298), twice as long
/// after each time that nothing came, at most 16 seconds. What is under way at once grows with what arrives and halves with what is lost.
struct PieceFlight {
  private struct Entry {
    let piece: DatagramContent.Piece
    var sentAt: UInt64
    var isRepeated = false
    /// It was not acknowledged in time.
    var isDue = false
  }

  private static let firstTimeout: UInt64 = 1_000_000_000
  private static let shortestTimeout: UInt64 = 200_000_000
  private static let longestTimeout: UInt64 = 16_000_000_000

  /// In the order of their numbers.
  private var entries: [Entry] = []
  private(set) var byteCount = 0
  /// Pieces that may be under way.
  private var allowance = 4
  private var timeout = firstTimeout
  private var smoothed: UInt64?
  private var variation: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }

  /// Whether another piece may be sent; the oldest that is missing and the newest must fit the other side's window.
  var hasRoom: Bool { entries.count < allowance && span < DatagramStream.window }

  private var span: Int {
    guard let first = entries.first, let last = entries.last else { return 0 }
    return Int(last.piece.sequence &- first.piece.sequence) + 1
  }

  mutating func add(_ piece: DatagramContent.Piece, at now: UInt64) {
    entries.append(Entry(piece: piece, sentAt: now))
    byteCount += piece.body.count
  }

  /// The other side has every piece before `next`, and those after it that `later` names; true when that is news.
  mutating func acknowledge(_ next: UInt16, _ later: UInt32, at now: UInt64) -> Bool {
    let before = entries.count
    var missing: [Entry] = []
    for entry in entries {
      let distance = Int16(bitPattern: entry.piece.sequence &- next)
      let hasArrived = distance < 0 || (1...32).contains(distance) && later >> UInt32(distance - 1) & 1 == 1
      guard hasArrived else {
        missing.append(entry)
        continue
      }
      byteCount -= entry.piece.body.count
      if !entry.isRepeated { measure(now - min(now, entry.sentAt)) }
    }
    guard missing.count < before else { return false }
    entries = missing
    allowance = min(DatagramStream.window, allowance + before - entries.count)
    if let smoothed {
      timeout = min(Self.longestTimeout, max(Self.shortestTimeout, smoothed + 4 * variation))
    } else {
      timeout = Self.firstTimeout
    }
    return true
  }

  private mutating func measure(_ time: UInt64) {
    guard let mean = smoothed else {
      smoothed = time
      variation = time / 2
      return
    }
    let error = mean > time ? mean - time : time - mean
    variation = (3 * variation + error) / 4
    smoothed = (7 * mean + time) / 8
  }

  /// Marks what was not acknowledged in time.
  mutating func expire(at now: UInt64) {
    var hasExpired = false
    for index in entries.indices where !entries[index].isDue && now >= entries[index].sentAt + timeout {
      entries[index].isDue = true
      hasExpired = true
    }
    guard hasExpired else { return }
    timeout = min(Self.longestTimeout, timeout * 2)
    allowance = max(1, allowance / 2)
  }

  /// A piece that is to be sent again now.
  mutating func due(at now: UInt64) -> DatagramContent.Piece? {
    guard let index = entries.firstIndex(where: { $0.isDue }) else { return nil }
    entries[index].isDue = false
    entries[index].isRepeated = true
    entries[index].sentAt = now
    return entries[index].piece
  }

  /// When the next piece is to be sent again.
  var deadline: UInt64? {
    entries.map { $0.isDue ? 0 : $0.sentAt + timeout }.min()
  }
}
