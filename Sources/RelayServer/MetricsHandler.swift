// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Relay

/// `GET /metrics` and `GET /healthz`; anything else is not found. One answer per connection.
final class MetricsHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let metrics: RelayMetrics
  private let visitors: MetricsVisitors
  private var path = ""
  private var isGet = false

  init(_ metrics: RelayMetrics, _ visitors: MetricsVisitors) {
    self.metrics = metrics
    self.visitors = visitors
  }

  func channelActive(context: ChannelHandlerContext) {
    visitors.admit(context.channel)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      path = String(head.uri.prefix { $0 != "?" })
      isGet = head.method == .GET
    case .body: break
    case .end:
      switch (isGet, path) {
      case (true, "/metrics"):
        answer(context, .ok, "text/plain; version=0.0.4; charset=utf-8", metrics.exposition)
      case (true, "/healthz"): answer(context, .ok, "text/plain; charset=utf-8", "ok\n")
      default: answer(context, .notFound, "text/plain; charset=utf-8", "GET /metrics or /healthz\n")
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(
    _ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ type: String, _ text: String
  ) {
    let body = ByteBuffer(string: text)
    let headers: HTTPHeaders = [
      "content-type": type, "content-length": "\(body.readableBytes)", "connection": "close",
    ]
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let channel = context.channel
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
  }
}
