import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Schemes

/// `countersign load`: hidden, for measuring; what it prints stands in the documentation.
struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Measure the server under many devices at once.",
    discussion: """
      Makes an authority with so many devices in a temporary directory, starts a real server as a process of its own, connects \
      all devices at once over real sockets, and lets them exchange messages: in conversations of two through the relay, each \
      message confirmed by the other device before it counts, and through the mailbox, each confirmed by its recipient. Ends 0 \
      only if no message was lost and none came twice.

      The devices' side runs in this process on the same processor: a server of its own does better.

      Example: countersign load --devices 1000 --messages 50
      """,
    shouldDisplay: false)

  @Option(
    name: .long, parsing: .unconditional, help: "Devices that connect at once; an even number. (default: 1000)",
    transform: number(2...20_000))
  var devices = 1000

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Devices that may be connecting at once; all of them.", valueName: "count"),
    transform: number(1...))
  var inFlight: Int?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("The only processor core that the server may use.", valueName: "number"), transform: number(0...)
  )
  var serverCore: Int?

  @Option(
    name: .customLong("scheme"),
    help: "The devices' scheme, certified when left out; one without a key pair goes with --admissions-only.")
  var chosenScheme: SchemeID?

  var scheme: SchemeID { chosenScheme ?? .certified }

  @Flag(name: .long, help: "End when all devices are admitted: no messages.")
  var admissionsOnly = false

  @Option(
    name: .long, parsing: .unconditional, help: "Messages that each pair exchanges in a conversation. (default: 50)",
    transform: number(1...))
  var messages = 50

  @Option(
    name: .long, parsing: .unconditional,
    help: "Messages of a conversation that may be unconfirmed at once. (default: 8)",
    transform: number(1...))
  var window = 8

  @Option(
    name: .long, parsing: .unconditional,
    help: "Messages that each device leaves in the mailbox of another. (default: 4)",
    transform: number(1...))
  var deposits = 4

  @Option(
    name: .long, parsing: .unconditional, help: "Bytes of each message. (default: 64)",
    transform: number(1...60_000))
  var size = 64

  @Option(
    name: .long, parsing: .unconditional,
    help:
      "Connections that say nothing and come again as soon as they are ended, from the devices' own address. (default: 0)",
    transform: number(0...20_000))
  var strangers = 0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard devices.isMultiple(of: 2) else { throw ValidationError("--devices takes an even number.") }
    guard scheme.isSymmetric || scheme.row.exchange == .IK else {
      throw ValidationError("--scheme takes certified, registered or a scheme without a key pair.")
    }
    guard !scheme.isSymmetric || admissionsOnly else {
      throw ValidationError("Devices without a key pair have no conversations: give --admissions-only.")
    }
  }

  func run() async throws {
    DescriptorLimit.raise()
    let fleet = try LoadFleet(count: devices, scheme: scheme)
    defer { fleet.remove() }
    let server = try fleet.startServer(core: serverCore, strangers: strangers)
    defer { server.stop() }
    let counters = LoadCounters()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let plan = LoadPlan(messages: messages, window: window, deposits: deposits, size: size)
    var report = LoadReport()

    let crowd = try await LoadStrangers(strangers, to: server.port)
    let before = server.residentBytes
    let idle = server.processorSeconds
    let start = ContinuousClock.now
    let channels = try await fleet.connect(to: server.port, on: group, inFlight: inFlight ?? devices, plan, counters)
    guard await counters.wait(for: { counters.ready.value >= devices }) else { throw lost("sessions", counters) }
    report.handshakesPerSecond = Double(devices) / start.duration(to: .now).seconds
    report.serverMicrosecondsPerHandshake = (server.processorSeconds - idle) / Double(devices) * 1e6
    report.bytesUpPerHandshake = counters.bytesUp.value / devices
    report.bytesDownPerHandshake = counters.bytesDown.value / devices
    report.devicesOnline = counters.ready.value
    report.serverBytesPerConnection = (server.residentBytes - before) / devices

    if !admissionsOnly { try await exchange(channels, plan, counters, &report) }
    report.duplicates = counters.duplicates.value
    report.failures = counters.failures.value
    report.serverPeakBytes = server.peakBytes
    report.strangersPerSecond = try await crowd.end()

    for channel in channels { channel.close(promise: nil) }
    try await group.shutdownGracefully()
    report.serverEndedCleanly = server.stop() == 0
    try report.print(output)
    guard report.duplicates == 0, report.failures == 0, report.serverEndedCleanly else {
      throw Failure(.software, "messages came twice, or something failed: see above")
    }
  }

  /// Conversations through the relay, then messages through the mailbox.
  private func exchange(
    _ channels: [any Channel], _ plan: LoadPlan, _ counters: LoadCounters, _ report: inout LoadReport
  ) async throws {
    var start = ContinuousClock.now
    for (index, channel) in channels.enumerated() where index.isMultiple(of: 2) {
      channel.triggerUserOutboundEvent(LoadEvent.converse, promise: nil)
    }
    let conversed = devices / 2 * messages
    guard await counters.wait(for: { counters.confirmed.value >= conversed }) else { throw lost("messages", counters) }
    report.relayedMessagesPerSecond = Double(conversed) / start.duration(to: .now).seconds
    report.relayedMessages = counters.confirmed.value

    start = .now
    for channel in channels { channel.triggerUserOutboundEvent(LoadEvent.deposit, promise: nil) }
    let deposited = devices * deposits
    guard await counters.wait(for: { counters.accepted.value >= deposited && counters.delivered.value >= deposited })
    else { throw lost("sealed messages", counters) }
    report.mailboxMessagesPerSecond = Double(deposited) / start.duration(to: .now).seconds
    report.mailboxMessages = counters.delivered.value
  }

  private func lost(_ what: String, _ counters: LoadCounters) -> Failure {
    Failure(.unavailable, "\(what) are missing: \(counters)", hint: "This is a fault of the server or of this machine.")
  }
}

/// What was measured.
struct LoadReport: Encodable {
  var devicesOnline = 0
  var handshakesPerSecond = 0.0
  var serverMicrosecondsPerHandshake = 0.0
  var bytesUpPerHandshake = 0
  var bytesDownPerHandshake = 0
  var relayedMessages = 0
  var relayedMessagesPerSecond = 0.0
  var mailboxMessages = 0
  var mailboxMessagesPerSecond = 0.0
  var serverBytesPerConnection = 0
  var serverPeakBytes = 0
  var strangersPerSecond = 0.0
  var duplicates = 0
  var failures = 0
  var serverEndedCleanly = false

  func print(_ output: OutputOptions) throws {
    guard !output.isJSON else { return try printJSON(self) }
    printLine("\(devicesOnline) devices online at once, \(Int(handshakesPerSecond)) handshakes/s")
    printLine(
      "\(Int(serverMicrosecondsPerHandshake)) us of the server's processor per handshake; \(bytesUpPerHandshake) bytes up, "
        + "\(bytesDownPerHandshake) down")
    if strangersPerSecond > 0 { printLine("\(Int(strangersPerSecond)) strangers/s that said nothing") }
    guard relayedMessages > 0 else { return }
    printLine("\(relayedMessages) messages in conversations, none lost, \(Int(relayedMessagesPerSecond))/s")
    printLine("\(mailboxMessages) messages through the mailbox, none lost, \(Int(mailboxMessagesPerSecond))/s")
    printLine(
      "\(serverBytesPerConnection) bytes of server memory per connection, \(serverPeakBytes >> 20) MiB at most in all")
    printLine("\(duplicates) duplicates, \(failures) failures")
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
