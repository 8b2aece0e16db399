// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Logging
import Mailbox
import Metrics
import NIOCore
import NIOHTTP1
import NIOPosix
import Keyring
import Registry
import ServiceLifecycle
import Relay

/// The relay on its sockets: what `countersign serve` runs.
public final class RelayServer: Sendable {
  let relay: Relay
  private let group: MultiThreadedEventLoopGroup
  private let lanes: [ObjectIdentifier: NIOLoopBound<HandshakeQueue>]
  private let table: ConnectionTable
  private let timers: [RepeatingTimer]
  private let listeners = LockedList<any Channel>()
  /// The sockets of all sessions over datagrams.
  private let datagrams = LockedList<any Channel>()
  private let isDraining = DrainFlag()

  /// Opens the mailbox at `mailboxPath` and begins to watch the registry. Nothing listens yet.
  ///
  /// - Parameters:
  ///   - admissions: which schemes are served and how; by default all that are more than a row of the comparison.
  ///   - threads: event loops; each takes its share of the connections. By default one for each processor that this process may use.
  ///   - droppedLines: how many lines the log has lost so far, for the metrics.
  ///   - metrics: the system that gets them every five seconds, in addition to ``listenForMetrics(host:port:)``.
  public init(
    registry: any DeviceRegistry, authority: Authority, mailboxPath: String, limits: RelayLimits = RelayLimits(),
    admissions: Admissions? = nil, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
    droppedLines: @escaping @Sendable () -> Int = { 0 }, metrics: any MetricsFactory = MetricsSystem.factory,
    logger: Logger
  ) throws(RelayError) {
    let mailbox = try usingMailbox { () throws(MailboxError) in
      try SQLiteMailbox(path: mailboxPath, limits: limits.mailbox)
    }
    let limits = limits.shared(among: threads)
    relay = try Relay(
      registry: registry, authority: authority, mailbox: mailbox, limits: limits, logger: logger,
      admissions: admissions,
      metrics: RelayMetrics(droppedLines: droppedLines))
    table = ConnectionTable(limits: limits)
    group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    var lanes: [ObjectIdentifier: NIOLoopBound<HandshakeQueue>] = [:]
    for loop in group.makeIterator() {
      // Made on its loop, as what is bound to a loop must be.
      let lane = try? loop.submit { NIOLoopBound(HandshakeQueue(loop, limits: limits), eventLoop: loop) }.wait()
      if let lane { lanes[ObjectIdentifier(loop)] = lane }
    }
    self.lanes = lanes
    let relay = relay
    let watch = RegistryWatch(relay)
    let reporter = MetricsReporter(relay.metrics, to: metrics)
    timers = [
      RepeatingTimer(every: RegistryWatch.interval, on: relay.queue) { watch.look() },
      RepeatingTimer(every: .seconds(60), on: .global(qos: .utility)) { relay.purge() },
      RepeatingTimer(every: .seconds(1), on: .global(qos: .utility)) { relay.tick() },
      RepeatingTimer(every: .seconds(5), on: .global(qos: .utility)) {
        relay.logUntoldClosures()
        reporter.report()
      },
    ]
  }

  /// Listens for devices, over TCP and over UDP with the same port number, and returns the address in use: port 0 lets the system
  /// choose one that is free for both.
  public func listen(host: String, port: Int) async throws(RelayError) -> BoundEndpoint {
    var attempts = 0
    while true {
      let streams = try await bindStreams(host, port)
      let bound = BoundEndpoint(host: host, port: streams.localAddress?.port ?? port)
      do throws(RelayError) {
        datagrams.append(try await bindDatagrams(host, bound.port))
        listeners.append(streams)
        return bound
      } catch {
        try? await streams.close()
        attempts += 1
        guard port == 0, case .addressInUse = error, attempts < 16 else { throw error }
      }
    }
  }

  private func bindStreams(_ host: String, _ port: Int) async throws(RelayError) -> any Channel {
    let relay = relay
    let table = table
    let lanes = lanes
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try AcceptFailures.add(to: channel, relay, table) }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Keep it small: what the system holds for a slow reader can no longer be shared out fairly.
      .childChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 32 << 10)
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 16 << 10, high: 64 << 10))
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let lane = lanes[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.eof }
          try channel.pipeline.syncOperations.addHandler(
            StreamLink(relay: relay, table: table, lane: lane.value))
        }
      }
    return try await bind(host, port) { try await bootstrap.bind(host: host, port: port).get() }
  }

  /// All datagrams are one event loop's.
  private func bindDatagrams(_ host: String, _ port: Int) async throws(RelayError) -> any Channel {
    let relay = relay
    let table = table
    let lanes = lanes
    let isDraining = isDraining
    let batch = 16
    let bootstrap = DatagramBootstrap(group: group)
      .channelOption(.socketOption(.so_reuseaddr), value: 1)
      .channelOption(.datagramVectorReadMessageCount, value: batch)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: batch * 2_048))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let lane = lanes[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.eof }
          try channel.pipeline.syncOperations.addHandler(
            DatagramHandler(relay: relay, table: table, lane: lane.value, isDraining: isDraining))
        }
      }
    return try await bind(host, port) { try await bootstrap.bind(host: host, port: port).get() }
  }

  /// Serves the metrics over HTTP. They reveal nothing about messages or keys, but still belong on loopback.
  public func listenForMetrics(host: String, port: Int) async throws(RelayError) -> BoundEndpoint {
    let relay = relay
    let table = table
    let visitors = MetricsVisitors()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try AcceptFailures.add(to: channel, relay, table) }
      }
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(MetricsHandler(relay.metrics, visitors))
        }
      }
    let channel = try await bind(host, port) { try await bootstrap.bind(host: host, port: port).get() }
    listeners.append(channel)
    return BoundEndpoint(host: host, port: channel.localAddress?.port ?? port)
  }

  private func bind(
    _ host: String, _ port: Int, _ bind: () async throws -> any Channel
  ) async throws(RelayError) -> any Channel {
    do {
      return try await bind()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw .addressInUse("\(host):\(port)")
    } catch let error as IOError {
      throw .cannotListen("\(host):\(port)", reason: String(cString: strerror(error.errnoCode)))
    } catch {
      throw .cannotListen("\(host):\(port)", reason: "\(error)")
    }
  }

  /// Shuts down gracefully: takes no new connections and no new frames, carries out and answers every request, then ends the
  /// connections.
  public func shutDown() async {
    isDraining.raise()
    for channel in listeners.takeAll() { try? await channel.close() }
    for connection in table.all { connection.pause() }
    await withCheckedContinuation { done in
      relay.queue.async { [relay] in relay.office.whenSettled { done.resume() } }
    }
    for connection in table.all { connection.close(.draining) }
    let deadline = ContinuousClock.now + .seconds(relay.limits.drainTimeout)
    while !table.isEmpty, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(5)) }
    for channel in datagrams.takeAll() { try? await channel.close() }
    for timer in timers { timer.cancel() }
    relay.settle()
    try? await group.shutdownGracefully()
    relay.office.close()
    relay.logUntoldClosures()
    relay.logger.notice("stopped", metadata: [:])
  }
}

extension RelayServer: Service {
  /// Serves until a graceful shutdown is asked for.
  public func run() async throws {
    try await gracefulShutdown()
    await shutDown()
  }
}

/// Where something listens.
public struct BoundEndpoint: Sendable, CustomStringConvertible {
  public let host: String
  public let port: Int

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
