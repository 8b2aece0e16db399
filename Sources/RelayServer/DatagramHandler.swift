// SPDX-License-Identifier: Apache-2.0

import Dispatch
import NIOCore
import Relay
import Strangers
import Wire

/// Joins a UDP socket to its ``DatagramPort``.
final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  /// How often links are asked what is due.
  private static let tick = TimeAmount.milliseconds(10)

  private let relay: Relay
  private let table: ConnectionTable
  private let lane: HandshakeQueue
  private let isDraining: DrainFlag
  private var port: DatagramPort?
  private var timer: Scheduled<Void>?

  init(relay: Relay, table: ConnectionTable, lane: HandshakeQueue, isDraining: DrainFlag) {
    self.isDraining = isDraining
    self.relay = relay
    self.table = table
    self.lane = lane
  }

  func channelActive(context: ChannelHandlerContext) {
    let (relay, table, lane, isDraining) = (relay, table, lane, isDraining)
    let loop = context.eventLoop
    let port = DatagramPort(
      limits: relay.limits, clock: { DispatchTime.now().uptimeNanoseconds },
      isLoaded: {
        relay.metrics.unauthenticated.value >= relay.limits.maximumUnauthenticated / 4
          || lane.count >= relay.limits.handshakeQueueLength / 4
      },
      send: { [weak self] in self?.send($0, to: $1, context) },
      requestFlush: { [weak self] in
        loop.assumeIsolatedUnsafeUnchecked().execute {
          self?.port?.flush()
          context.flush()
        }
      },
      open: { link in
        if isDraining.isRaised {
          link.writeLast([Framing.tryLater])
          return link.close(afterWriting: false)
        }
        let driver = SessionDriver(relay: relay, table: table, lane: lane, link: link, on: loop)
        link.reader = driver
        driver.begin()
        driver.takeFrames()
      },
      wake: { [weak self] frame, peer in
        guard let self, !isDraining.isRaised else { return }
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        relay.wake(frame, from: SourceAddress(peer)) { answer in
          guard let answer else { return }
          loop.execute {
            let (handler, context) = bound.value
            guard handler.port != nil else { return }
            handler.send(answer, to: peer, context)
            context.flush()
          }
        }
      })
    self.port = port
    tickLater(context)
  }

  private func tickLater(_ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: Self.tick) {
      self.port?.tick()
      context.flush()
      self.tickLater(context)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    relay.metrics.bytesReceived.add(envelope.data.readableBytes)
    port?.receive(Array(envelope.data.readableBytesView), from: envelope.remoteAddress)
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    port?.close()
    port = nil
  }

  // What cannot be sent is lost, as on the way.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}

  private func send(_ datagram: [UInt8], to peer: SocketAddress, _ context: ChannelHandlerContext) {
    relay.metrics.bytesSent.add(datagram.count)
    let envelope = AddressedEnvelope(remoteAddress: peer, data: ByteBuffer(bytes: datagram))
    context.write(wrapOutboundOut(envelope), promise: nil)
  }
}
