// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import NIOCore
import Noise
import CountersignCrypto
import Records
import Wire

/// One device of the load: a real session with the server, real conversations and sealed messages, on one socket.
final class LoadDevice: ChannelInboundHandler, ChannelOutboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let identity: LoadIdentity
  private let peer: DeviceAddress
  private let plan: LoadPlan
  private let counters: LoadCounters
  private var link: ServerLink
  private var input = ByteBuffer()
  private var hasReply = false
  private var purpose: LoadEvent?
  /// The conversation with the one other device that this one talks to, whoever began it.
  private var conversation = PeerSession(relayed: .responder)
  private var isInitiator = false
  private var peerSession: UInt32 = 0
  private var sent = 0
  private var received = Set<MessageID>()
  private var mail = Set<MessageID>()

  init(_ identity: LoadIdentity, peer: DeviceAddress, _ plan: LoadPlan, _ counters: LoadCounters) {
    self.identity = identity
    link = ServerLink(scheme: identity.value.scheme)
    self.peer = peer
    self.plan = plan
    self.counters = counters
  }

  func channelActive(context: ChannelHandlerContext) {
    attempt(context) {
      var frame = [UInt8](repeating: 0, count: 256)
      var span = frame.mutableBytes
      let length = try link.writeHello(identity.value, into: &span)
      write(frame, length, context)
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
    context.flush()
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    purpose = event as? LoadEvent
    attempt(context) { try send(.lookup(peer), context) }
    context.flush()
    promise?.succeed()
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
    guard hasReply else {
      try link.readReply(bytes.bytes)
      hasReply = true
      try send(.hello(identity.value.hello(listens: true)), context)
      return context.flush()
    }
    var span = bytes.mutableBytes
    switch try link.open(&span) {
    case .caughtUp: counters.ready.increment()
    case .peer(_, let presence, let certificate):
      guard let certificate, presence == .online else { throw DeviceError.subjectMismatch }
      if purpose == .deposit { try deposit(certificate, context) } else { try converse(certificate, context) }
    case .frame(let from, let session, let body): try converse(from, session, body, context)
    case .accepted: counters.accepted.increment()
    case .mail(let from, let id, let sealed):
      var text = [UInt8](repeating: 0, count: sealed.byteCount)
      var place = text.mutableBytes
      _ = try identity.value.open(sealed, from: from, into: &place)
      if mail.insert(id).inserted { counters.delivered.increment() } else { counters.duplicates.increment() }
      try send(.delivered(from: from, id: id), context)
    case .refused, .unreachable: throw DeviceError.subjectMismatch
    default: break
    }
  }

  private func deposit(_ certificate: Certificate, _ context: ChannelHandlerContext) throws {
    let text = [UInt8](repeating: 0x5A, count: plan.size)
    for _ in 0..<plan.deposits {
      let id = try identity.value.nextMessageID()
      var sealed = [UInt8](repeating: 0, count: plan.size + SealedMessage.overhead)
      var place = sealed.mutableBytes
      _ = try identity.value.seal(text.bytes, id: id, to: certificate, into: &place)
      try send(.deposit(to: peer, generation: certificate.fields.generation, id: id, sealed.bytes), context)
    }
  }

  // MARK: Conversations

  private func converse(_ certificate: Certificate, _ context: ChannelHandlerContext) throws {
    isInitiator = true
    conversation = PeerSession(relayed: .initiator, peer: certificate)
    try conversation.start(identity.value, other: peer)
    var body = [UInt8](repeating: 0, count: plan.size + 512)
    var place = body.mutableBytes
    let length = try conversation.writeHandshake(identity.value, into: &place)
    try pass(body, length, to: peer, session: 0, context)
  }

  private func converse(
    _ from: DeviceAddress, _ session: UInt32, _ arrived: RawSpan, _ context: ChannelHandlerContext
  ) throws {
    if isInitiator, from == peer {
      guard conversation.isEstablished else {
        try conversation.readHandshake(arrived, trust: identity.value.trust)
        peerSession = session
        for _ in 0..<min(plan.window, plan.messages) { try say(context) }
        return
      }
      var bytes = [UInt8](copying: arrived)
      var span = bytes.mutableBytes
      guard case .acknowledgement(let id) = try conversation.open(&span) else { throw DeviceError.malformedRecord }
      if received.insert(id).inserted { counters.confirmed.increment() } else { counters.duplicates.increment() }
      if sent < plan.messages { try say(context) }
    } else if conversation.isEstablished {
      var bytes = [UInt8](copying: arrived)
      var span = bytes.mutableBytes
      guard case .message(let id, _) = try conversation.open(&span) else { throw DeviceError.malformedRecord }
      if !received.insert(id).inserted { counters.duplicates.increment() }
      var body = [UInt8](repeating: 0, count: plan.size + 512)
      var place = body.mutableBytes
      let length = try conversation.seal(.acknowledgement(id), into: &place)
      try pass(body, length, to: from, session: session, context)
    } else {
      try conversation.start(identity.value, other: from)
      try conversation.readHandshake(arrived, trust: identity.value.trust)
      var body = [UInt8](repeating: 0, count: plan.size + 512)
      var place = body.mutableBytes
      let length = try conversation.writeHandshake(identity.value, into: &place)
      try pass(body, length, to: from, session: session, context)
    }
  }

  private func say(_ context: ChannelHandlerContext) throws {
    let text = [UInt8](repeating: 0x5A, count: plan.size)
    let id = try identity.value.nextMessageID()
    var body = [UInt8](repeating: 0, count: plan.size + 512)
    var place = body.mutableBytes
    let length = try conversation.seal(.message(id, text.bytes), into: &place)
    sent += 1
    try pass(body, length, to: peer, session: peerSession, context)
  }

  // MARK: Frames

  private func pass(
    _ body: [UInt8], _ length: Int, to address: DeviceAddress, session: UInt32, _ context: ChannelHandlerContext
  ) throws {
    try send(.frame(to: address, session: session, body.bytes.extracting(0..<length)), context)
  }

  private func send(_ record: DeviceRecord, _ context: ChannelHandlerContext) throws {
    var frame = [UInt8](repeating: 0, count: plan.size + 512)
    var span = frame.mutableBytes
    let length = try link.seal(record, into: &span)
    write(frame, length, context)
  }

  private func write(_ frame: [UInt8], _ length: Int, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 2 + length)
    buffer.writeInteger(UInt16(length))
    buffer.writeBytes(frame[..<length])
    counters.bytesUp.add(buffer.readableBytes)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
  }
}
