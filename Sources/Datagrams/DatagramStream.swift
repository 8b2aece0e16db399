// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import DequeModule
import Noise
import Wire

/// A session's frames over datagrams that may be lost, repeated, reordered or come from another address: every frame arrives once, whole and
/// in order, as over TCP.
///
/// A datagram: kind (1), the link's number (4), a counter (8), sealed content, tag (16). Its keys follow from what the handshake exports.
/// Frames are cut into numbered pieces; the receiver says which it has, and what is missing is sent again in a new datagram. Bytes in
/// and out; the caller brings sockets and the clock, in nanoseconds. Not safe for use by several threads at once.
package final class DatagramStream {
  /// Whose end of the session this is.
  package enum Side: Sendable { case device, server }

  /// Bytes of a datagram that are not content.
  package static let overhead = headerLength + DatagramTransport<Cipher.ChaChaPoly>.overhead
  static let headerLength = 5
  /// Pieces that are under way at most.
  static let window = 32
  /// How long an acknowledgement waits for something to go with.
  static let acknowledgementDelay: UInt64 = 20_000_000
  /// Bytes that wait here before ``isWritable`` is false.
  static let writableBytes = 32 << 10
  /// Bytes that have arrived and were not taken before nothing more is accepted.
  static let unreadBytes = 128 << 10

  let side: Side
  let number: UInt32
  /// The longest datagram that the other side takes, in bytes.
  package private(set) var longest: Int
  /// The longest frame that is accepted; a longer one breaks the stream.
  package var maximumFrameLength = Framing.maximumFrameLength
  private let accepts: Int
  private var mustTellLength: Bool
  private var transport = DatagramTransport<Cipher.ChaChaPoly>()

  /// Frames that wait to be cut, and how far the first one has been.
  private var outgoing = Deque<[UInt8]>()
  private var cut = 0
  private var flight = PieceFlight()
  private var nextSequence: UInt16 = 0
  /// Bytes that wait to be sent for the first time.
  package private(set) var backlog = 0
  /// Frames that were given, and those that have been sent, as a whole, at least once.
  package private(set) var framesGiven = 0
  package private(set) var framesSent = 0

  private var arrivals = PieceArrivals()
  private var acknowledgementDue: UInt64?
  private var isEnding = false
  private var hasSaidEnd = false
  /// Whether the other side has ended the stream.
  package private(set) var hasEnded = false

  /// - Parameters:
  ///   - export: what the handshake exports, see `SessionKeys`.
  ///   - longest: the longest datagram to send until the other side says what it takes.
  ///   - accepts: the longest datagram that comes through to this side; a device says so.
  package init(_ side: Side, number: UInt32, export: borrowing SecretBytes<32>, longest: Int, accepts: Int) {
    self.side = side
    self.number = number
    self.longest = longest
    self.accepts = accepts
    mustTellLength = side == .device
    var key = SecretBytes<32>()
    defer { key.wipe() }
    Self.derive("datagrams up", from: export, into: &key)
    if side == .device { transport.sending.setKey(key) } else { transport.receiving.setKey(key) }
    Self.derive("datagrams down", from: export, into: &key)
    if side == .device { transport.receiving.setKey(key) } else { transport.sending.setKey(key) }
  }

  /// Overwrites the keys: nothing is sent or accepted any more.
  package func wipe() {
    transport.sending.wipe()
    transport.receiving.wipe()
    outgoing = []
    backlog = 0
    flight = PieceFlight()
    acknowledgementDue = nil
  }

  deinit { wipe() }

  private static func derive(
    _ label: StaticString, from export: borrowing SecretBytes<32>, into key: inout SecretBytes<32>
  ) {
    var mac = Hash.HMAC<Hash.SHA256>(key: export.bytes)
    mac.update(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
    var bytes = key.mutableBytes
    mac.finalize(into: &bytes)
  }

  // MARK: Frames

  package func send(_ frame: [UInt8]) {
    guard transport.sending.hasKey, !isEnding else { return }
    outgoing.append(frame)
    backlog += frame.count
    framesGiven += 1
  }

  /// The next frame that has arrived.
  package func nextFrame() -> [UInt8]? { arrivals.popFrame() }

  /// Whether little enough waits here that more should be given.
  package var isWritable: Bool { backlog + flight.byteCount < Self.writableBytes }

  /// Whether all that was given has arrived at the other side.
  package var isSettled: Bool { outgoing.isEmpty && flight.isEmpty }

  /// Ends the stream once everything that was given has arrived.
  package func end() { isEnding = true }

  /// Whether a frame was longer than it may be.
  package var isBroken: Bool { arrivals.isBroken }

  // MARK: Datagrams

  /// Takes a datagram; false for a forged or a repeated one, which has no effect.
  package func receive(_ datagram: [UInt8], at now: UInt64) -> Bool {
    let kind: FrameKind = side == .device ? .serverDatagram : .deviceDatagram
    guard datagram.count > Self.overhead, datagram[0] == kind.rawValue else { return false }
    var content = [UInt8](repeating: 0, count: datagram.count - Self.overhead)
    var span = content.mutableBytes
    do {
      _ = try transport.open(
        datagram.bytes.extracting(Self.headerLength...), into: &span,
        authenticating: datagram.bytes.extracting(0..<Self.headerLength))
    } catch { return false }
    do { try take(DatagramContent(decoding: content), now) } catch { arrivals.isBroken = true }
    return true
  }

  private func take(_ content: DatagramContent, _ now: UInt64) {
    if let length = content.accepts {
      longest = min(Framing.datagramLength, max(Int(length), Fragments.minimumDatagramLength))
    }
    if flight.acknowledge(content.next, content.later, at: now) { mustTellLength = false }
    if content.ends { hasEnded = true }
    guard let piece = content.piece else { return }
    // What is not taken is not acknowledged either, and comes again.
    guard arrivals.unreadBytes < Self.unreadBytes else { return }
    arrivals.take(piece, maximumFrameLength: maximumFrameLength)
    if acknowledgementDue == nil { acknowledgementDue = now + Self.acknowledgementDelay }
  }

  /// The next datagram that is due; nil when there is none now.
  package func nextDatagram(at now: UInt64) -> [UInt8]? {
    guard transport.sending.hasKey else { return nil }
    flight.expire(at: now)
    if let piece = flight.due(at: now) ?? cutPiece(at: now) { return seal(piece) }
    if isEnding, isSettled, !hasSaidEnd {
      hasSaidEnd = true
      return seal(nil)
    }
    if let due = acknowledgementDue, now >= due { return seal(nil) }
    return nil
  }

  /// When ``nextDatagram(at:)`` has something again, unless something arrives or is given before; nil when nothing is due.
  package var deadline: UInt64? {
    guard transport.sending.hasKey else { return nil }
    if flight.hasRoom, !outgoing.isEmpty || (isEnding && isSettled && !hasSaidEnd) { return 0 }
    return [flight.deadline, acknowledgementDue].compactMap(\.self).min()
  }

  private func cutPiece(at now: UInt64) -> DatagramContent.Piece? {
    guard flight.hasRoom, let frame = outgoing.first else { return nil }
    let room = longest - Self.overhead - DatagramContent.pieceOverhead - (mustTellLength ? 2 : 0)
    let count = min(room, frame.count - cut)
    let isLast = cut + count == frame.count
    let piece = DatagramContent.Piece(
      sequence: nextSequence, isLast: isLast, body: frame[frame.startIndex + cut..<frame.startIndex + cut + count])
    nextSequence &+= 1
    backlog -= count
    cut += count
    if isLast {
      outgoing.removeFirst()
      cut = 0
      framesSent += 1
    }
    flight.add(piece, at: now)
    return piece
  }

  private func seal(_ piece: DatagramContent.Piece?) -> [UInt8]? {
    var content = DatagramContent(next: arrivals.next, ends: hasSaidEnd, piece: piece)
    if mustTellLength { content.accepts = UInt16(accepts) }
    let later = arrivals.later
    let room = longest - Self.overhead - content.encodedLength
    if later != 0, room >= 4 { content.later = later }
    // What there was no room for goes in a datagram of its own.
    if later == 0 || room >= 4 { acknowledgementDue = nil }
    let plaintext = content.encoded()
    let kind: FrameKind = side == .device ? .deviceDatagram : .serverDatagram
    var datagram = [kind.rawValue] + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) }
    let header = datagram
    datagram += [UInt8](repeating: 0, count: plaintext.count + Self.overhead - Self.headerLength)
    var span = datagram.mutableBytes
    var body = span.suffix(from: Self.headerLength)
    guard (try? transport.seal(plaintext.bytes, into: &body, authenticating: header.bytes)) != nil else { return nil }
    return datagram
  }
}

extension DatagramStream {
  /// The number of the link that a session's datagram belongs to.
  package static func number(of datagram: [UInt8]) -> UInt32? {
    guard datagram.count > overhead else { return nil }
    return datagram[1..<5].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The number of the link that a handshake's first frame opens: the first four bytes of its SHA-256.
  package static func number(openedBy firstFrame: [UInt8]) -> UInt32 {
    digest(of: firstFrame).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  package static func digest(of firstFrame: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(firstFrame.bytes, into: &span)
    return digest
  }
}
