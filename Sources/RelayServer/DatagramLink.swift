// SPDX-License-Identifier: Apache-2.0

import Datagrams
import NIOCore
import Relay
import Strangers
import Wire

/// A device's link of datagrams, from its first frame on. Whoever opened it is told no more bytes than it has sent until it has proved
/// that it gets them: by a cookie, or by a record under the session's keys.
final class DatagramLink: FrameLink {
  /// Who takes the frames that arrive.
  protocol Reader: AnyObject {
    func takeFrames()
    func linkWritabilityChanged(_ isWritable: Bool)
    func linkEnded()
    func close(_ reason: CloseReason)
  }

  let number: UInt32
  /// That of the first frame.
  let digest: [UInt8]
  let source: SourceAddress
  private(set) var peer: SocketAddress
  private let port: DatagramPort
  var reader: (any Reader)?
  private var firstFrame: [UInt8]?
  private var answer: [[UInt8]] = []
  private var stream: DatagramStream?
  private var isProved: Bool
  /// Whether a record of the session has come.
  private var hasHeard = false
  /// Bytes of datagrams from the device and to it, until it has proved its address.
  private var received: Int
  private var sent = 0
  /// The longest datagram that came through so far.
  private var longest: Int
  private var written: [(frames: Int, body: @Sendable () -> Void)] = []
  private var wasWritable = true
  /// Until when what is under way is repeated after the end.
  private(set) var lingersUntil: UInt64?

  init(_ port: DatagramPort, opening first: DatagramPort.FirstFrame, from peer: SocketAddress) {
    self.port = port
    number = DatagramStream.number(openedBy: first.frame)
    digest = DatagramStream.digest(of: first.frame)
    source = SourceAddress(peer)
    self.peer = peer
    firstFrame = first.frame
    received = first.received
    longest = first.longest
    isProved = first.isProved
  }

  // MARK: Datagrams

  /// The first frame has come again: so does its answer, until the session's first record has come. To another address it goes only
  /// when it is no longer than what came from there.
  func repeatAnswer(_ first: DatagramPort.FirstFrame, to peer: SocketAddress) {
    guard !hasHeard else { return }
    if peer == self.peer {
      received += first.received
      if first.isProved { isProved = true }
      sendAnswer()
    } else if first.isProved || answerLength <= first.received {
      for datagram in answer { port.transmit(datagram, to: peer) }
    }
  }

  /// Takes a datagram of the session. Only one that is new and genuine moves the link to where it came from.
  func receive(_ datagram: [UInt8], from peer: SocketAddress, at now: UInt64) {
    guard let stream, stream.receive(datagram, at: now) else { return }
    self.peer = peer
    isProved = true
    hasHeard = true
    reader?.takeFrames()
    if stream.hasEnded { reader?.close(.peer) }
    pump(at: now)
  }

  /// Sends what is due.
  func pump(at now: UInt64) {
    guard let stream else { return }
    while hasHeard, let datagram = stream.nextDatagram(at: now) { port.transmit(datagram, to: peer) }
    while let first = written.first, stream.framesSent >= first.frames {
      written.removeFirst()
      first.body()
    }
    if stream.isWritable != wasWritable {
      wasWritable = stream.isWritable
      reader?.linkWritabilityChanged(wasWritable)
    }
  }

  /// When ``pump(at:)`` has something again; nil when nothing is due.
  var deadline: UInt64? { hasHeard ? stream?.deadline : nil }

  /// Whether nothing is under way any more.
  var isSettled: Bool { stream?.isSettled ?? true }

  func wipe() {
    stream?.wipe()
    for (_, body) in written { body() }
    written = []
  }

  private var answerLength: Int { answer.reduce(0) { $0 + $1.count } }

  private func sendAnswer() {
    guard isProved || sent + answerLength <= received else { return }
    sent += answerLength
    for datagram in answer { port.transmit(datagram, to: peer) }
  }

  // MARK: FrameLink

  func nextFrame(limit: Int) throws(CloseReason) -> [UInt8]? {
    if let frame = firstFrame {
      firstFrame = nil
      guard frame.count <= limit else { throw .frameTooLong }
      return frame
    }
    stream?.maximumFrameLength = limit
    if let frame = stream?.nextFrame() { return frame }
    if stream?.isBroken == true { throw .frameTooLong }
    return nil
  }

  func answer(_ frame: [UInt8], of session: RelaySession) {
    let stream = session.withExport {
      DatagramStream(.server, number: number, export: $0, longest: longest, accepts: Framing.datagramLength)
    }
    stream?.maximumFrameLength = port.limits.maximumUnauthenticatedFrame
    self.stream = stream
    prepareAnswer(frame)
  }

  private func prepareAnswer(_ frame: [UInt8]) {
    let header = [FrameKind.handshakeAnswer.rawValue] + digest.prefix(4)
    answer = Fragments.datagrams(of: header + frame, number: UInt16(truncatingIfNeeded: number), limit: longest)
    sendAnswer()
  }

  func write(_ frame: [UInt8]) {
    stream?.send(Array(frame.dropFirst(Framing.headerLength)))
    port.pumpSoon(self)
  }

  func writeLast(_ frame: [UInt8]) {
    if let stream {
      stream.send(frame)
    } else if frame == [Framing.tryLater] {
      answer = [frame]
      sendAnswer()
    } else {
      prepareAnswer(frame)
    }
  }

  func whenWritten(_ body: @escaping @Sendable () -> Void) {
    guard let stream else { return body() }
    written.append((stream.framesGiven, body))
    port.pumpSoon(self)
  }

  var isWritable: Bool { stream?.isWritable ?? true }
  var backlog: Int { stream?.backlog ?? 0 }

  func resume() {}

  // What the driver does not take stays in the stream, and what does not fit there is not acknowledged.
  func stopReading() {}

  func close(afterWriting: Bool) {
    guard lingersUntil == nil else { return }
    let now = port.clock()
    lingersUntil = now + DatagramPort.linger
    stream?.end()
    pump(at: now)
    port.linger(self)
    let reader = reader
    self.reader = nil
    reader?.linkEnded()
  }
}

extension SessionDriver: DatagramLink.Reader {}
