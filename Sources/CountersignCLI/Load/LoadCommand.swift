// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LoadGenerator
import Schemes

/// `countersign load`: hidden, for measuring; the documentation shows what it prints.
struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Measure the server under many devices at once.",
    discussion: """
      Makes an authority with that many devices in a temporary directory, starts a real server as a separate process, connects \
      all devices at once over real sockets, and lets them exchange messages: in conversations of two through the relay, each \
      message confirmed by the other device before it counts, and through the mailbox, each confirmed by its recipient. Exits 0 \
      only if no message was lost and none came twice.

      The devices run in this process on the same processor: a server with its own machine does better.

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
    help: "The devices' scheme, by default certified; one without a key pair needs --admissions-only.")
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
      "Silent connections from the devices' own address that reconnect as soon as they are ended. (default: 0)",
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
    let load = Load(
      devices: devices, scheme: scheme, inFlight: inFlight ?? devices, strangers: strangers, serverCore: serverCore,
      plan: admissionsOnly ? nil : LoadPlan(messages: messages, window: window, deposits: deposits, size: size))
    let report = try await measuring { try await load.measure() }
    try report.print(output)
    guard report.duplicates == 0, report.failures == 0, report.serverEndedCleanly else {
      throw Failure(.software, "messages came twice, or something failed: see above")
    }
  }
}

extension LoadReport {
  fileprivate func print(_ output: OutputOptions) throws {
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
