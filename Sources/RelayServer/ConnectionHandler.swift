// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Records
import Strangers
import Relay
import Wire

/// Joins one socket to one session: cuts the stream into frames, carries out actions, writes records, keeps the time.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let relay: Relay
  private let table: ConnectionTable
  private let lane: HandshakeQueue
  private let session: RelaySession
  private var connection: NIOConnection?
  private var context: ChannelHandlerContext?
  private var client: Client?
  /// Bytes that are not a whole frame yet.
  private var input: ByteBuffer?
  private var source = SourceAddress.unknown
  private var isCounted = false
  private var isUnauthenticated = false
  private var hasAnswered = false
  private var waitsInLane = false
  private var place: HandshakeQueue.Place?
  /// The holder of the session while this handler must not touch it.
  private var loan: SessionLoan?
  private var isFlushScheduled = false
  private var lastFrame = NIODeadline.now()
  private var timer: Scheduled<Void>?
  private var closeReason: CloseReason?
  /// Until when nothing more from the device is read, because it has used up a budget or has had its turn.
  private var rest: Scheduled<Void>?
  /// What is carried out after that.
  private var deferred: [() -> Void] = []
  /// Whether the channel would read more if it were allowed to.
  private var wantsRead = false
  private var isDraining = false
  private var outbox = FrameOutbox()

  /// Bytes that may wait for a device before the server sends it less.
  private static let talkativeBytes = 8 << 10
  /// Long enough for the loop to look at its other sockets.
  private static let breath = TimeAmount.microseconds(50)

  init(relay: Relay, table: ConnectionTable, lane: HandshakeQueue) {
    self.relay = relay
    self.table = table
    self.lane = lane
    session = RelaySession(admissions: relay.admissions, limits: relay.limits)
  }

  // MARK: The channel's events

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    let connection = NIOConnection(self, on: context.eventLoop)
    self.connection = connection
    source = SourceAddress(context.remoteAddress)
    guard table.admit(connection, from: source) else { return close(.overloaded) }
    isCounted = true
    relay.metrics.connections.add(1)
    isUnauthenticated = true
    relay.metrics.unauthenticated.add(1)
    let timeout = TimeAmount.seconds(relay.limits.handshakeTimeout)
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: timeout) {
      self.close(.handshakeTimeout)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard closeReason == nil else { return }
    relay.metrics.bytesReceived.add(bytes.readableBytes)
    if input == nil { input = bytes } else { input?.writeBuffer(&bytes) }
    takeFrames()
  }

  func read(context: ChannelHandlerContext) {
    if isHeldBack { wantsRead = true } else { context.read() }
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.fireChannelReadComplete() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    connection?.setWritable(context.channel.isWritable)
    if context.channel.isWritable {
      goOn()
      passOn()
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(.peer)
    if isCounted { relay.metrics.connections.add(-1) }
    if let connection { table.remove(connection) }
    if let client { relay.end(client) }
    client = nil
    connection = nil
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { close(.peer) }

  // MARK: Frames

  /// Whether the server does not listen to the device now. A device that does not read its answers gets none to new questions;
  /// what follows the handshake's last message waits for it.
  private var isHeldBack: Bool {
    rest != nil || isDraining || (waitsInLane && hasAnswered) || context?.channel.isWritable == false
  }

  /// Takes frames for one turn; the rest of what has arrived comes after the other connections'.
  private func takeFrames() {
    var frames = 0
    var bytes = 0
    while closeReason == nil, !isHeldBack, let frame = nextFrame() {
      frames += 1
      bytes += frame.count
      receive(frame)
      guard frames >= relay.limits.framesPerTurn || bytes >= relay.limits.bytesPerTurn else { continue }
      takeRest(Self.breath)
    }
    if closeReason != nil || input?.readableBytes == 0 {
      input = nil
    } else if let buffer = input, buffer.readerIndex > buffer.readableBytes {
      input?.discardReadBytes()
    }
  }

  private func takeRest(_ time: TimeAmount) {
    guard rest == nil, closeReason == nil, let context else { return }
    rest = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: time) {
      self.rest = nil
      let deferred = self.deferred
      self.deferred = []
      for action in deferred { action() }
      if self.rest != nil { return }
      if let client = self.client, case let more = self.relay.holdBack(client), more > 0 {
        return self.takeRest(.nanoseconds(Int64(more)))
      }
      self.goOn()
    }
  }

  /// Continues if nothing is in the way any more.
  private func goOn() {
    takeFrames()
    guard !isHeldBack, wantsRead else { return }
    wantsRead = false
    context?.read()
  }

  private func nextFrame() -> [UInt8]? {
    guard let buffer = input, let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else {
      return nil
    }
    if waitsInLane || !session.isAuthenticated, Int(length) > relay.limits.maximumUnauthenticatedFrame {
      close(.frameTooLong)
      return nil
    }
    return input?.readLengthPrefixedSlice(as: UInt16.self).map { Array($0.readableBytesView) }
  }

  private func receive(_ frame: [UInt8]) {
    lastFrame = .now()
    // The device cannot know what to send next before it has its answer.
    guard !waitsInLane else { return close(.violation) }
    guard session.isInHandshake else { return perform(session.receive(frame)) }
    if let connection { table.favour(connection) }
    waitsInLane = true
    let handshake = HandshakeQueue.Waiting(
      run: { [weak self] in
        guard let self, closeReason == nil else { return false }
        answer(frame)
        return true
      }, turnAway: { [weak self] in self?.close(.overloaded) })
    place = lane.enqueue(handshake, from: source)
    if place == nil { close(.overloaded) }
  }

  /// Answers a frame of the handshake, here or on the slow handshakes' queue.
  private func answer(_ frame: [UInt8]) {
    do throws(AdmissionRefusal) {
      guard try session.prepare(frame) == .slow, let connection else {
        waitsInLane = false
        perform(session.receive(frame))
        return goOn()
      }
      let loan = SessionLoan(session, frame)
      self.loan = loan
      let isQueued = relay.slowHandshakes.enqueue(
        .init(
          run: {
            loan.answer()
            connection.takeBack(loan)
          }, turnAway: { connection.turnAway(loan) }), from: source)
      if isQueued { return }
      self.loan = nil
      close(.overloaded)
    } catch { close(.refused(error)) }
  }

  /// The slow handshakes' queue gave the frame's place to another source.
  func turnAway(_ loan: SessionLoan) {
    self.loan = nil
    guard closeReason == nil else { return session.close() }
    close(.overloaded)
  }

  /// The slow handshakes' queue has answered.
  func takeBack(_ loan: SessionLoan) {
    self.loan = nil
    waitsInLane = false
    guard closeReason == nil else { return session.close() }
    perform(loan.action)
    goOn()
  }

  private func perform(_ action: RelayAction) {
    switch action {
    case .none: break
    case .reply(let bytes):
      guard let context else { return }
      hasAnswered = true
      if let connection { table.favour(connection) }
      var frame = context.channel.allocator.buffer(capacity: Framing.headerLength + bytes.count)
      frame.writeInteger(UInt16(bytes.count))
      frame.writeBytes(bytes)
      write(frame, context, promise: nil)
    case .turnAway(let bytes, let refusal):
      hasAnswered = true
      if let context { sendLast(bytes, context) }
      close(.refused(refusal))
    case .begin(let claimant, let hello):
      // It may have made room for another stranger at this moment.
      guard let connection, table.promote(connection) else { return }
      becomeAuthenticated()
      guard let wait = relay.waitForSession(claimant.address) else { return close(.overloaded) }
      guard wait > 0 else { return relay.begin(claimant, hello, on: connection) }
      connection.schedule(after: wait) { [relay] in relay.begin(claimant, hello, on: connection) }
    case .close(let reason): close(reason)
    default:
      guard let client else { return }
      let toll = relay.charge(action, to: client)
      if toll.isRefused { return close(.overloaded) }
      // Frames held until the welcome arrive while the connection already rests: they keep their order.
      guard toll.rest > 0 || rest != nil else { return carryOut(action, client, toll) }
      deferred.append { self.carryOut(action, client, toll) }
      takeRest(.nanoseconds(Int64(toll.rest)))
    }
  }

  private func carryOut(_ action: RelayAction, _ client: Client, _ toll: Toll) {
    relay.carryOut(action, for: client, toll)
    if action.isForMailbox, case let time = relay.holdBack(client), time > 0 { takeRest(.nanoseconds(Int64(time))) }
  }

  private func becomeAuthenticated() {
    isUnauthenticated = false
    relay.metrics.unauthenticated.add(-1)
    timer?.cancel()
    watchIdleness()
  }

  /// One timer per connection, moved on only when it fires.
  private func watchIdleness() {
    guard let context, closeReason == nil else { return }
    let deadline = lastFrame + .seconds(relay.limits.idleTimeout)
    guard deadline > .now() else { return close(.idleTimeout) }
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(deadline: deadline) {
      self.watchIdleness()
    }
  }

  // MARK: What the relay asks for

  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    guard context != nil, closeReason == nil else {
      // The connection ended while the welcome was being prepared; the relay removes the session again.
      relay.end(client)
      return
    }
    self.client = client
    write(records, written: nil)
    for frame in session.welcome(number: client.number) where closeReason == nil { perform(session.receive(frame)) }
  }

  func write(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?) {
    guard let context, closeReason == nil else {
      written?()
      return
    }
    if !context.channel.isWritable, backlog(context) > relay.limits.outboundBytes {
      written?()
      return close(.slowReader)
    }
    for record in records {
      guard let frame = session.seal(record) else { return close(.violation) }
      write(ByteBuffer(bytes: frame), context, promise: nil)
    }
    if let written {
      let promise = context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.whenComplete { _ in written() }
      write(context.channel.allocator.buffer(capacity: 0), context, promise: promise)
    }
  }

  /// Passes on a frame from another device as soon as it is the sender's turn.
  func pass(_ record: OutgoingRecord, from sender: Client, session: UInt32) {
    guard let context, let client, closeReason == nil else { return }
    if context.channel.isWritable, outbox.isEmpty {
      write([record], written: nil)
    } else if !outbox.add(record, from: sender.address, client.budget, limit: relay.limits.passedBytes) {
      relay.metrics.framesDropped.add(1)
      sender.connection.mention(.unreachable(client.address, session: session))
    }
  }

  /// Sends a record that the device can do without, unless others wait for it to read them.
  func mention(_ record: OutgoingRecord) {
    guard let context, backlog(context) < Self.talkativeBytes else { return }
    write([record], written: nil)
  }

  private func passOn() {
    guard let context, let client else { return }
    while closeReason == nil, context.channel.isWritable, let record = outbox.popFirst(client.budget) {
      write([record], written: nil)
    }
  }

  func pause() {
    isDraining = true
    guard let context else { return }
    context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
  }

  func close(_ reason: CloseReason) {
    // A frame that waits for its turn does not count as silence of the device.
    let reason = reason == .handshakeTimeout && waitsInLane ? .overloaded : reason
    let farewell = loan == nil ? session.farewell(reason) : nil
    guard finish(reason), let context else { return }
    if let farewell {
      sendLast(farewell, context)
    } else if !hasAnswered, reason.isPassing {
      // Whoever waits for its first answer must not take this for a refusal of its key.
      sendLast([Framing.tryLater], context)
    }
    if reason == .draining {
      // What was promised leaves first.
      let promise = context.eventLoop.makePromise(of: Void.self)
      let context = NIOLoopBound(context, eventLoop: context.eventLoop)
      promise.futureResult.whenComplete { _ in context.value.close(promise: nil) }
      self.context?.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    } else {
      context.close(promise: nil)
    }
  }

  /// Ends the session, once; false when it has ended before.
  @discardableResult
  private func finish(_ reason: CloseReason) -> Bool {
    guard closeReason == nil else { return false }
    closeReason = reason
    timer?.cancel()
    if let place { lane.leave(place) }
    place = nil
    rest?.cancel()
    deferred = []
    if let client { outbox.drop(client.budget) }
    if let loan { loan.cancel() } else { session.close() }
    let isStranger = isUnauthenticated || !isCounted
    if isUnauthenticated {
      isUnauthenticated = false
      relay.metrics.unauthenticated.add(-1)
    }
    relay.count(reason, from: isStranger ? source : nil)
    return true
  }

  /// Sends a frame at once, for the connection ends.
  private func sendLast(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    var frame = context.channel.allocator.buffer(capacity: Framing.headerLength + bytes.count)
    frame.writeInteger(UInt16(bytes.count))
    frame.writeBytes(bytes)
    relay.metrics.bytesSent.add(frame.readableBytes)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  private func backlog(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  private func write(_ frame: ByteBuffer, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    relay.metrics.bytesSent.add(frame.readableBytes)
    context.write(wrapOutboundOut(frame), promise: promise)
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    // Whatever else the loop has for this connection in its turn goes with the same system call.
    context.eventLoop.assumeIsolatedUnsafeUnchecked().execute {
      self.isFlushScheduled = false
      self.context?.flush()
    }
  }
}
