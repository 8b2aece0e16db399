// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Relay
import Strangers
import Wire

/// A device's TCP connection: cuts the stream into frames, each of which follows its length.
final class StreamLink: ChannelDuplexHandler, FrameLink {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let relay: Relay
  private let table: ConnectionTable
  private let lane: HandshakeQueue
  private var driver: SessionDriver?
  private var context: ChannelHandlerContext?
  private(set) var source = SourceAddress.unknown
  /// Bytes that are not a whole frame yet.
  private var input: ByteBuffer?
  private var isFlushScheduled = false
  /// Whether the channel would read more if it were allowed to.
  private var wantsRead = false

  init(relay: Relay, table: ConnectionTable, lane: HandshakeQueue) {
    self.relay = relay
    self.table = table
    self.lane = lane
  }

  // MARK: The channel's events

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    source = SourceAddress(context.remoteAddress)
    let driver = SessionDriver(relay: relay, table: table, lane: lane, link: self, on: context.eventLoop)
    self.driver = driver
    driver.begin()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard let driver, !driver.hasEnded else { return }
    relay.metrics.bytesReceived.add(bytes.readableBytes)
    if input == nil { input = bytes } else { input?.writeBuffer(&bytes) }
    driver.takeFrames()
    if driver.hasEnded { input = nil }
  }

  func read(context: ChannelHandlerContext) {
    if driver?.isHeldBack == true { wantsRead = true } else { context.read() }
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.fireChannelReadComplete() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    driver?.linkWritabilityChanged(context.channel.isWritable)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    driver?.linkEnded()
    driver = nil
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { driver?.close(.peer) }

  // MARK: Frames

  func nextFrame(limit: Int) throws(CloseReason) -> [UInt8]? {
    guard let buffer = input, let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self) else {
      return nil
    }
    guard Int(length) <= limit else { throw .frameTooLong }
    guard let frame = input?.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
    if let buffer = input, buffer.readableBytes == 0 {
      input = nil
    } else if let buffer = input, buffer.readerIndex > buffer.readableBytes {
      input?.discardReadBytes()
    }
    return Array(frame.readableBytesView)
  }

  func answer(_ frame: [UInt8], of session: RelaySession) {
    guard let context else { return }
    write(framed(frame, context), context, promise: nil)
  }

  func write(_ frame: [UInt8]) {
    if let context { write(ByteBuffer(bytes: frame), context, promise: nil) }
  }

  func writeLast(_ frame: [UInt8]) {
    guard let context else { return }
    let frame = framed(frame, context)
    relay.metrics.bytesSent.add(frame.readableBytes)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  func whenWritten(_ body: @escaping @Sendable () -> Void) {
    guard let context else { return body() }
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { _ in body() }
    write(context.channel.allocator.buffer(capacity: 0), context, promise: promise)
  }

  private func framed(_ bytes: [UInt8], _ context: ChannelHandlerContext) -> ByteBuffer {
    var frame = context.channel.allocator.buffer(capacity: Framing.headerLength + bytes.count)
    frame.writeInteger(UInt16(bytes.count))
    frame.writeBytes(bytes)
    return frame
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

  // MARK: Reading and ending

  var isWritable: Bool { context?.channel.isWritable != false }

  var backlog: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

  func resume() {
    guard wantsRead else { return }
    wantsRead = false
    context?.read()
  }

  func stopReading() { context?.channel.setOption(.autoRead, value: false).whenFailure { _ in } }

  func close(afterWriting: Bool) {
    guard let context else { return }
    guard afterWriting else { return context.close(promise: nil) }
    let promise = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
  }
}
