// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Credentials
import Device
import DeviceHost
import Foundation
import Schemes
import Wire

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent",
    abstract: "Be a device, or an application, for a program that speaks JSON lines.",
    discussion: """
      One process keeps one session with the server, over as many connections as that takes. The program writes what it wants, \
      one JSON object on each line of standard input, and reads what happens from standard output, one object on each line. \
      What was received is acknowledged to the server only when the program acknowledges it, so that nothing is lost when the \
      program stalls or dies. The lines are described in docs/reference/agent.md.

      When standard input ends, the agent finishes what it was asked to send, and ends.

      Examples:
        countersign agent --device pump.device --server 127.0.0.1:7700
        echo '{"do":"report","ref":"1","text":"21.5"}' | countersign agent \\
          --device pump.device --server 127.0.0.1:7700 --send-only
        countersign agent --device backend.application --server 127.0.0.1:7700
      """)

  @OptionGroup var device: DeviceOptions

  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?

  @OptionGroup var hopByHop: HopByHopOption

  @Flag(name: .long, help: "Receive nothing: another process may receive as this device at the same time.")
  var sendOnly = false

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes of reports an application has that are not done, up to 2097152. (default: 1048576)",
      valueName: "bytes"),
    transform: number(1...(2 << 20)))
  var credit: Int = 1 << 20

  func run() async throws {
    let device = try device.open()
    let endpoint = try ServerOption.endpoint(server)
    let isApplication = try reporting { () throws(DeviceHostError) in try device.isApplication }
    let output = AgentOutput()
    var settings = ClientSettings(listens: !sendOnly, allowsHopByHop: hopByHop.hopByHop)
    settings.onStatus = { output.post(AgentEvent($0)) }
    let agent = Agent(output)
    do {
      if isApplication {
        let client = try await ApplicationClient.open(device.path, server: endpoint, credit: credit, settings: settings)
        try await agent.run(ApplicationAgent(client, agent))
      } else {
        let client = try await AsyncDeviceClient.open(device.path, server: endpoint, settings: settings)
        try await agent.run(DeviceAgent(client, agent))
      }
    } catch let error as DeviceHostError {
      output.flush()
      throw Failure(error, at: endpoint)
    }
    output.flush()
  }
}

extension AnyDevice {
  /// Whether the file is an application's.
  var isApplication: Bool {
    get throws(DeviceHostError) {
      guard case .key(let store) = store else { return false }
      return try store.read { $0.certificate?.fields.isApplication ?? false }
    }
  }
}
