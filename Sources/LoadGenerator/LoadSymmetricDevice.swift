// SPDX-License-Identifier: Apache-2.0

import Device
import NIOCore
import Noise
import CountersignCrypto
import Records
import Schemes

/// One device of the load whose key the server computes: it opens a session, and stays.
final class LoadSymmetricDevice: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let identity: LoadSymmetricIdentity
  private let counters: LoadCounters
  private var link = SymmetricLink()
  private var input = ByteBuffer()

  init(_ identity: LoadSymmetricIdentity, _ counters: LoadCounters) {
    self.identity = identity
    self.counters = counters
  }

  func channelActive(context: ChannelHandlerContext) {
    attempt(context) {
      try identity.value.beginSession(with: .a)
      var frame = [UInt8](repeating: 0, count: 128)
      var span = frame.mutableBytes
      let length = try link.writeHello(identity.value, with: .a, into: &span)
      write(frame[..<length], context)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    counters.bytesDown.add(bytes.readableBytes)
    input.writeBuffer(&bytes)
    while let frame = input.readLengthPrefixedSlice(as: UInt16.self) {
      attempt(context) { try receive(frame, context) }
    }
    input.discardReadBytes()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    counters.failures.increment()
    context.close(promise: nil)
  }

  private func attempt(_ context: ChannelHandlerContext, _ body: () throws -> Void) {
    do { try body() } catch { errorCaught(context: context, error: error) }
  }

  private func receive(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) throws {
    var bytes = Array(buffer.readableBytesView)
    guard link.isEstablished else {
      try link.readReply(bytes.bytes)
      var frame = [UInt8](repeating: 0, count: 64)
      var span = frame.mutableBytes
      let length = try link.seal(.hello(identity.value.hello(listens: true)), into: &span)
      return write(frame[..<length], context)
    }
    var span = bytes.mutableBytes
    if case .caughtUp = try link.open(&span) { counters.ready.increment() }
  }

  private func write(_ frame: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 2 + frame.count)
    buffer.writeInteger(UInt16(frame.count))
    buffer.writeBytes(frame)
    counters.bytesUp.add(buffer.readableBytes)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }
}

/// The same as ``LoadIdentity`` for a device without a key pair.
final class LoadSymmetricIdentity: @unchecked Sendable {
  var value = SymmetricIdentity()
}
