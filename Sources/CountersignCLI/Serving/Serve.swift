// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DeviceHost
import Foundation
import Logging
import Keyring
import Registry
import Relay
import RelayServer
import ServiceLifecycle
import UnixSignals

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the server: sessions, routing, mailbox.",
    discussion: """
      Serves the devices of an authority until SIGTERM or SIGINT, then finishes pending requests and stops. Prints one line when \
      it is ready, with the address in use; port 0 lets the system choose one. Logs go to standard error, one JSON object a \
      line.

      Put an IPv6 address in brackets: [::1]:7700 for this machine alone, [::]:7700 for all its addresses.

      Other commands work on the same directory meanwhile: the server notices a revocation, a new epoch, a policy or an order \
      within a second.

      Examples:
        countersign serve --dir authority --listen 127.0.0.1:7700 \\
          --passphrase-file passphrase
        countersign serve --dir authority --listen 0.0.0.0:7700 \\
          --metrics 127.0.0.1:9700
        countersign serve --dir authority --listen [::1]:7700
        countersign serve --dir authority --listen 127.0.0.1:0 --output json
      """)

  @OptionGroup var authority: AuthorityOptions

  @OptionGroup var passphrase: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("Where devices connect.", valueName: "host:port"))
  var listen: String = "127.0.0.1:7700"

  @Option(
    name: .long, help: ArgumentHelp("Serve Prometheus metrics over HTTP; keep it on loopback.", valueName: "host:port"))
  var metrics: String?

  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Option(name: .long, help: "The minimum log level.")
  var logLevel: LogLevel = .info

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let address = try Endpoint(option: listen)
    try address.resolve()
    let metricsAddress = try metrics.map { try Endpoint(option: $0) }
    try metricsAddress?.resolve()
    let descriptors = DescriptorLimit.raise()
    let directory = try authority.directory()
    let registry = try authority.registry("serve")
    let lock = try registering { () throws(RegistryError) in try ServerLock(directory: directory.path) }
    defer { withExtendedLifetime(lock) {} }
    let keys = try passphrase.unlock(directory, registry)

    let level = logLevel.level
    let log = JSONLinesHandler.output(to: STDERR_FILENO)
    defer { log.flush() }
    let logger = Logger(label: "countersign") { _ in JSONLinesHandler(level: level, output: log) }
    let relayLimits = fitted(limits.limits, to: descriptors, logger)
    let server: RelayServer
    let bound: BoundEndpoint
    do throws(RelayError) {
      server = try RelayServer(
        registry: registry, authority: keys, mailboxPath: directory.path + "/mailbox.sqlite", limits: relayLimits,
        droppedLines: { log.droppedLines }, logger: logger)
      bound = try await server.listen(host: address.host, port: Int(address.port))
    } catch { throw Failure(error) }
    var boundMetrics: BoundEndpoint?
    do throws(RelayError) {
      if let metricsAddress {
        boundMetrics = try await server.listenForMetrics(host: metricsAddress.host, port: Int(metricsAddress.port))
      }
    } catch { throw Failure(error, option: "--metrics") }
    let service = AnnouncedService(server: server) { [boundMetrics] in
      try announce(bound, boundMetrics)
      logger.notice("ready", metadata: ["endpoint": "\(bound)"])
    }
    let services = ServiceGroup(
      configuration: .init(
        services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "quiet") { _ in JSONLinesHandler(level: .error, output: log) }))
    try await services.run()
    try registering { () throws(RegistryError) in try registry.close() }
  }

  /// Lowers limits that the system does not allow, which would otherwise be reached as an error.
  private func fitted(_ limits: RelayLimits, to descriptors: DescriptorLimit, _ logger: Logger) -> RelayLimits {
    let most = descriptors.connections
    guard limits.maximumConnections > most else { return limits }
    logger.warning(
      "connections_limited",
      metadata: ["connections": "\(most)", "reason": "this process may have \(descriptors.count) file descriptors"])
    var limits = limits
    limits.maximumConnections = most
    return limits
  }

  /// Says that the server is ready once signals are handled: whoever waits for that may send one at once.
  private struct AnnouncedService: Service {
    let server: RelayServer
    let announce: @Sendable () throws -> Void

    func run() async throws {
      try announce()
      try await server.run()
    }
  }

  /// One line that says that the server is ready, and where.
  private func announce(_ endpoint: BoundEndpoint, _ metrics: BoundEndpoint?) throws {
    if output.isJSON {
      struct Ready: Encodable {
        let listening: String
        let metrics: String?
        let pid: Int32
      }
      try printJSON(Ready(listening: "\(endpoint)", metrics: metrics.map { "\($0)" }, pid: getpid()))
    } else {
      printLine("Listening on \(endpoint)" + (metrics.map { ", metrics on http://\($0)/metrics" } ?? ""))
    }
  }
}

enum LogLevel: String, ExpressibleByArgument, CaseIterable {
  case trace, debug, info, notice, warning, error, critical

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
