// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import Records
import Wire

/// An agent that is an instance of an application.
struct ApplicationAgent: AgentRole {
  private let client: ApplicationClient
  private let agent: Agent
  private let held = Handles<ApplicationClient.Report>()

  init(_ client: ApplicationClient, _ agent: Agent) {
    self.client = client
    self.agent = agent
  }

  var name: String { "application" }
  var address: String { client.address.description }

  func close() { client.close() }

  func receive() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await receiveReports() }
      group.addTask { try await receivePresence() }
      try await group.waitForAll()
    }
  }

  private func receiveReports() async throws {
    for try await report in client.reports {
      var event = AgentEvent(.report)
      let handle = agent.hold()
      held.put(report, handle)
      event.handle = handle
      event.from = report.device.device.description
      event.messageId = report.id.description
      event.requestId = report.request.map { hexadecimal($0) }
      event.sequence = report.sequence
      event.milliseconds = report.milliseconds
      event.attempt = report.attempt
      event.hopByHop = report.isHopByHop
      event.take(report.body)
      await agent.output.write(event)
    }
  }

  private func receivePresence() async throws {
    for try await presence in client.presence {
      var event = AgentEvent(.presence)
      event.from = presence.device.device.description
      event.what = "\(presence.event)"
      event.milliseconds = presence.milliseconds
      await agent.output.write(event)
    }
  }

  func settle(_ line: AgentLine) throws -> Bool {
    switch line.verb {
    case .acknowledge: try held.take(line).done()
    case .release: try held.take(line).release(toDeadLetters: line.toDeadLetters)
    case .replay: client.replay(from: line.sequence ?? 0)
    default: return false
    }
    if let handle = line.handle { agent.letGo(handle) }
    return true
  }

  func perform(_ line: AgentLine) async throws {
    switch line.verb {
    case .request:
      guard let device = DeviceID(argument: line.to ?? "") else {
        throw line.malformed("to is not a device of this application's system", "Give its 16 hexadecimal digits.")
      }
      let id = line.requestID ?? .random(in: 1 ... .max)
      let timeout = line.timeout ?? .seconds(10)
      var event = AgentEvent(.answer, ref: line.ref)
      event.from = device.description
      event.requestId = hexadecimal(id)
      if line.wantsNoReply {
        try await client.command(line.body ?? [], of: device, id: id, waits: line.waits, timeout: timeout)
      } else {
        event.take(try await client.request(line.body ?? [], of: device, id: id, waits: line.waits, timeout: timeout))
      }
      await agent.output.write(event)
    case .status: await agent.output.write(agent.status(ref: line.ref))
    case .send, .report, .reply, .acknowledge, .release, .replay:
      throw line.malformed(
        "an application cannot \(line.verb.rawValue)",
        "It asks devices with request, and acknowledges what they report.")
    }
  }
}
