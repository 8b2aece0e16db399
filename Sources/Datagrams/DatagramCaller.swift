// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import DequeModule
import Strangers
import Wire

/// A device's end of a session over datagrams: repeats the first frame until it is answered, shows the server's cookie, puts the answer
/// together, and then is a ``DatagramStream``. The caller brings the socket and the clock, in nanoseconds.
package final class DatagramCaller {
  private enum Stage {
    case idle
    /// The first frame has not been answered.
    case calling
    /// The answer is here; the session has no keys yet.
    case answered
    case live(DatagramStream)
  }

  /// Nanoseconds until the first frame is repeated; twice as many each time after, up to the longest.
  static let firstPatience: UInt64 = 1_000_000_000
  static let longestPatience: UInt64 = 16_000_000_000
  /// A first frame shorter than this goes with room for a cookie, though it has none yet: the server sends a stranger no more bytes than
  /// it got.
  static let shortFrameLength = 64

  private let longest: Int
  private let draw: () -> UInt32
  private var stage = Stage.idle
  private var firstFrame: [UInt8] = []
  private var cookie: [UInt8]?
  private var number: UInt32 = 0
  /// Tells the fragments of one form of the first frame from another's.
  private var fragmentNumber: UInt16?
  private var outgoing = Deque<[UInt8]>()
  private var answers = Deque<[UInt8]>()
  private let parts = Reassembly<Int>(capacity: 4)
  private var patience = firstPatience
  private var repeatAt: UInt64 = 0

  /// - Parameters:
  ///   - longest: the longest datagram that the link to the server carries, in bytes; at least 48.
  ///   - draw: random numbers, for jitter and for the numbers of fragmented frames.
  package init(longest: Int = Framing.datagramLength, draw: @escaping () -> UInt32) {
    self.longest = max(longest, Fragments.minimumDatagramLength)
    self.draw = draw
  }

  // MARK: Frames

  /// Sends a frame: at first the handshake's, once the session has keys its records.
  package func send(_ frame: [UInt8], at now: UInt64) {
    switch stage {
    case .idle:
      firstFrame = frame
      number = DatagramStream.number(openedBy: frame)
      stage = .calling
      call(at: now)
    case .live(let stream): stream.send(frame)
    case .calling, .answered: break
    }
  }

  /// The session has its keys, which follow from what its handshake exports.
  package func secure(with export: borrowing SecretBytes<32>) {
    let stream = DatagramStream(.device, number: number, export: export, longest: longest, accepts: longest)
    stage = .live(stream)
    outgoing = []
  }

  /// The next frame of the server: at first its answer.
  package func nextFrame() -> [UInt8]? {
    if let answer = answers.popFirst() { return answer }
    guard case .live(let stream) = stage else { return nil }
    return stream.nextFrame()
  }

  /// Whether the server has ended the session, or sent what makes no sense.
  package var hasEnded: Bool {
    guard case .live(let stream) = stage else { return false }
    return stream.hasEnded || stream.isBroken
  }

  /// Whether all that was given has arrived.
  package var isSettled: Bool {
    guard case .live(let stream) = stage else { return false }
    return stream.isSettled
  }

  /// Whether little enough waits that more should be given.
  package var isWritable: Bool {
    guard case .live(let stream) = stage else { return true }
    return stream.isWritable
  }

  /// Ends the session; what was given before still arrives while datagrams are asked for.
  package func end() {
    if case .live(let stream) = stage { stream.end() }
  }

  // MARK: Datagrams

  package func receive(_ datagram: [UInt8], at now: UInt64) {
    guard let first = datagram.first else { return }
    if case .live(let stream) = stage {
      if first == FrameKind.serverDatagram.rawValue { _ = stream.receive(datagram, at: now) }
      return
    }
    guard case .calling = stage else { return }
    if first == FrameKind.fragment.rawValue {
      if let whole = parts.add(datagram, from: 0, source: .unknown) { take(whole.frame, at: now) }
    } else {
      take(datagram, at: now)
    }
  }

  private func take(_ frame: [UInt8], at now: UInt64) {
    switch FrameKind(rawValue: frame[0]) {
    case .retry where frame.count == 1 + Cookies.length:
      let fresh = Array(frame[1...])
      guard fresh != cookie else { return }
      cookie = fresh
      fragmentNumber = nil
      patience = Self.firstPatience
      call(at: now)
    case .handshakeAnswer where frame.count > 5:
      guard frame[1..<5].elementsEqual(DatagramStream.digest(of: firstFrame).prefix(4)) else { return }
      stage = .answered
      outgoing = []
      answers.append(Array(frame[5...]))
    default:
      guard Framing.isTryLater(frame.bytes) else { return }
      stage = .answered
      answers.append(frame)
    }
  }

  package func nextDatagram(at now: UInt64) -> [UInt8]? {
    switch stage {
    case .live(let stream): return stream.nextDatagram(at: now)
    case .calling:
      if outgoing.isEmpty, now >= repeatAt { call(at: now) }
      return outgoing.popFirst()
    case .idle, .answered: return nil
    }
  }

  /// When ``nextDatagram(at:)`` has something again, unless something arrives or is given before.
  package var deadline: UInt64? {
    switch stage {
    case .live(let stream): stream.deadline
    case .calling: outgoing.isEmpty ? repeatAt : 0
    case .idle, .answered: nil
    }
  }

  private func call(at now: UInt64) {
    var frame = firstFrame
    if let cookie {
      frame = [FrameKind.withCookie.rawValue] + cookie + frame
    } else if frame.count < Self.shortFrameLength {
      frame = [FrameKind.withCookie.rawValue] + [UInt8](repeating: 0, count: Cookies.length) + frame
    }
    let number = fragmentNumber ?? UInt16(truncatingIfNeeded: draw())
    fragmentNumber = number
    outgoing = Deque(Fragments.datagrams(of: frame, number: number, limit: longest))
    // Between three quarters and five quarters, so that a fleet does not call in step.
    repeatAt = now + patience * 3 / 4 + patience / 2 * UInt64(draw() >> 16) >> 16
    patience = min(Self.longestPatience, patience * 2)
  }
}
