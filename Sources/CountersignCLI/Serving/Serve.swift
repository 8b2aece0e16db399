import ArgumentParser
import DeviceHost
import Logging
import Registry
import Relay
import ServiceLifecycle

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run the relay: the server that every device connects to.",
    discussion: """
      Prints where it listens, then logs one JSON object a line on standard error. Commands such as device revoke work on the
      same directory while it runs; it sees what they wrote within a quarter of a second. SIGTERM and SIGINT drain it: what was
      accepted is stored and answered, then the connections end.

      Examples:
        countersign serve --dir fleet --listen 0.0.0.0:7700
        countersign serve --dir fleet --listen 127.0.0.1:0 --output json        (the system chooses a port)
        countersign serve --dir fleet --listen 0.0.0.0:7700 --metrics 127.0.0.1:9700
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var passphrase: PassphraseOptions

  @Option(name: .long, help: ArgumentHelp("Where devices connect.", valueName: "host:port"))
  var listen: String

  @Option(name: .long, help: ArgumentHelp("Serve Prometheus metrics here; keep it on loopback.", valueName: "host:port"))
  var metrics: String?

  @Option(name: .long, help: "How much to log: trace, debug, info, notice, warning, error or critical.")
  var logLevel = LogLevel.info

  @OptionGroup var output: OutputOptions

  enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
  }

  private struct Ready: Encodable {
    let listening: String
    let metrics: String?
  }

  func run() async throws {
    let directory = try authority.directory()
    let listening = try Endpoint(option: listen)
    let measuring = try metrics.map { try Endpoint(option: $0) }
    let registry = try authority.registry("serve")
    let keys = try passphrase.unlock(directory, registry)
    let lock = try registering { () throws(RegistryError) in try ServerLock(directory: directory.path) }
    let level = logLevel.level
    let logger = Logger(label: "countersign") { _ in JSONLinesHandler(level: level) }

    let bound: BoundEndpoint
    var boundMetrics: BoundEndpoint?
    let server: RelayServer
    do throws(RelayError) {
      server = try RelayServer(
        registry: registry, authority: keys, mailboxPath: directory.path + "/mailbox.sqlite", logger: logger)
      bound = try await server.listen(host: listening.host, port: Int(listening.port))
      if let measuring {
        boundMetrics = try await server.listenForMetrics(host: measuring.host, port: Int(measuring.port))
      }
    } catch { throw Failure(error) }

    if output.isJSON {
      try printJSON(Ready(listening: bound.description, metrics: boundMetrics?.description))
    } else {
      printLine("Listening on \(bound)" + (boundMetrics.map { ", metrics on http://\($0)/metrics" } ?? ""))
    }
    let group = ServiceGroup(
      services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "lifecycle") { _ in
        JSONLinesHandler(level: .error)
      })
    try await group.run()
    _ = consume lock
  }
}

extension Failure {
  init(_ error: RelayError) {
    self.init(.unavailable, "\(error)")
  }
}
