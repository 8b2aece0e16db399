// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import Records
import Strangers
import Relay
import Wire

/// What the relay asks of a connection: records out, and its end.
extension ConnectionHandler {
  /// Bytes that may wait for a device before the server sends it less.
  private static let talkativeBytes = 8 << 10

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

  func passOn() {
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
  func finish(_ reason: CloseReason) -> Bool {
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
  func sendLast(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    var frame = context.channel.allocator.buffer(capacity: Framing.headerLength + bytes.count)
    frame.writeInteger(UInt16(bytes.count))
    frame.writeBytes(bytes)
    relay.metrics.bytesSent.add(frame.readableBytes)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  func backlog(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  func write(_ frame: ByteBuffer, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
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
