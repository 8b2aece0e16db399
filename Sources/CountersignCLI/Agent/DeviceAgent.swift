// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import Foundation
import Wire

/// An agent that is a device.
struct DeviceAgent: AgentRole {
  private enum Held: Sendable {
    case message(AsyncDeviceClient.Message)
    case request(AsyncDeviceClient.Request)
  }

  private let client: AsyncDeviceClient
  private let agent: Agent
  private let held = Handles<Held>()

  init(_ client: AsyncDeviceClient, _ agent: Agent) {
    self.client = client
    self.agent = agent
  }

  var name: String { "device" }
  var address: String { client.address.description }

  func close() { client.close() }

  func receive() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await receiveMessages() }
      group.addTask { try await receiveRequests() }
      try await group.waitForAll()
    }
  }

  private func receiveMessages() async throws {
    for try await message in client.messages {
      var event = AgentEvent(.message)
      let handle = agent.hold()
      held.put(.message(message), handle)
      event.handle = handle
      event.from = message.content.from.device.description
      event.system = message.content.from.system.rawValue
      event.generation = message.content.generation
      event.messageId = message.content.id.description
      event.route = message.content.route
      event.take(message.content.body)
      await agent.output.write(event)
    }
  }

  private func receiveRequests() async throws {
    for try await request in client.requests {
      var event = AgentEvent(.request)
      let handle = agent.hold()
      held.put(.request(request), handle)
      event.handle = handle
      event.from = request.application.device.description
      event.requestId = hexadecimal(request.id)
      event.wantsReply = request.wantsReply
      event.seconds = Int(max(.zero, request.deadline - .now).components.seconds)
      event.take(request.body)
      await agent.output.write(event)
    }
  }

  func settle(_ line: AgentLine) throws -> Bool {
    guard line.verb == .acknowledge else { return false }
    switch try held.take(line) {
    case .message(let message): message.acknowledge()
    case .request(let request): request.acknowledge()
    }
    if let handle = line.handle { agent.letGo(handle) }
    return true
  }

  func perform(_ line: AgentLine) async throws {
    let body = line.body ?? []
    switch line.verb {
    case .send:
      guard let name = DeviceName(argument: line.to ?? "") else {
        throw line.malformed("to is not a device", "Give 16 hexadecimal digits, or NUMBER/ID for another system.")
      }
      let recipient: DeviceAddress
      switch name.system {
      case nil: recipient = DeviceAddress(system: client.address.system, device: name.device)
      case .number(let system): recipient = DeviceAddress(system: system, device: name.device)
      case .name:
        throw line.malformed("a device does not know systems by name", "Write the system's number: NUMBER/ID.")
      }
      await confirm(line, try await client.send(body, to: recipient, timeout: line.timeout))
    case .report:
      guard let name = ApplicationName(argument: line.to ?? "application") else {
        throw line.malformed("to is not an application", "Leave it out, or give application or application:NAME.")
      }
      await confirm(
        line,
        try await client.report(body, to: name, untilDone: line.untilDone, timeout: line.timeout))
    case .reply:
      let value = try held.take(line) { if case .request = $0 { true } else { false } }
      guard case .request(let request) = value else { return }
      if let handle = line.handle { agent.letGo(handle) }
      await confirm(line, try await request.reply(body))
    case .status: await agent.output.write(agent.status(ref: line.ref))
    case .acknowledge, .release, .request, .replay:
      throw line.malformed(
        "a device cannot \(line.verb.rawValue)", "Applications can: start the agent with an application's file.")
    }
  }

  private func confirm(_ line: AgentLine, _ delivery: Delivery) async {
    var event = AgentEvent(.sent, ref: line.ref)
    event.messageId = delivery.id.description
    event.outcome = delivery.outcome
    event.route = delivery.route
    await agent.output.write(event)
  }
}

extension ApplicationName {
  /// `application`, or `application:NAME`.
  init?(argument text: String) {
    let prefix = "application"
    guard text.hasPrefix(prefix) else { return nil }
    let rest = text.dropFirst(prefix.count)
    if rest.isEmpty {
      self = .standard
    } else if rest.first == ":", (1...63).contains(rest.utf8.count - 1) {
      self = .named(String(rest.dropFirst()))
    } else {
      return nil
    }
  }
}
