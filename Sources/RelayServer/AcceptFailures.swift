// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Strangers
import Relay

/// Handles a waiting connection for which the system has no descriptor or no memory: strangers make room, the log says so, and
/// the next attempt comes a little later instead of at once.
final class AcceptFailures: ChannelInboundHandler {
  typealias InboundIn = any Channel

  /// The time until the next attempt.
  private static let pause = TimeAmount.milliseconds(100)
  /// Strangers that make room at a time.
  private static let shed = 16

  private let relay: Relay
  private let table: ConnectionTable
  private let sampler = Sampler(perSecond: 1)

  private init(_ relay: Relay, _ table: ConnectionTable) {
    self.relay = relay
    self.table = table
  }

  static func add(to channel: any Channel, _ relay: Relay, _ table: ConnectionTable) throws {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(AcceptBackoffHandler(shouldForwardIOErrorCaught: true) { _ in pause })
    try pipeline.addHandler(AcceptFailures(relay, table))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError, error.isShortage else { return context.fireErrorCaught(error) }
    relay.metrics.acceptFailures.add(1)
    table.shed(Self.shed)
    guard sampler.admits("") else { return }
    relay.logger.error(
      "connections_not_taken", metadata: ["reason": "\(String(cString: strerror(error.errnoCode)))"])
  }
}

extension IOError {
  /// Whether a resource has run out that others may give back.
  fileprivate var isShortage: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errnoCode) }
}
