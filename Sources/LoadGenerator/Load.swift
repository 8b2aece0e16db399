// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOPosix
import Schemes

/// Many devices that connect at once to a real server in a separate process, and what they do then.
package struct Load: Sendable {
  let devices: Int
  let scheme: SchemeID
  let inFlight: Int
  let strangers: Int
  let serverCore: Int?
  let plan: LoadPlan?

  /// - Parameters:
  ///   - devices: how many; an even number.
  ///   - scheme: one with a key pair, or any when `plan` is nil.
  ///   - inFlight: devices that may be connecting at once.
  ///   - strangers: silent connections that reconnect as soon as they are ended.
  ///   - serverCore: the only processor core that the server may use.
  ///   - plan: what each device does when all are there; nil for nothing.
  package init(
    devices: Int, scheme: SchemeID, inFlight: Int, strangers: Int = 0, serverCore: Int? = nil, plan: LoadPlan?
  ) {
    self.devices = devices
    self.scheme = scheme
    self.inFlight = inFlight
    self.strangers = strangers
    self.serverCore = serverCore
    self.plan = plan
  }

  /// Runs it.
  ///
  /// - Throws: ``LoadError``, or what the registry or a socket has refused.
  package func measure() async throws -> LoadReport {
    let fleet = try LoadFleet(count: devices, scheme: scheme)
    defer { fleet.remove() }
    let server = try fleet.startServer(core: serverCore, strangers: strangers)
    defer { server.stop() }
    let counters = LoadCounters()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let idlePlan = LoadPlan(messages: 0, window: 0, deposits: 0, size: 0)
    var report = LoadReport()

    let crowd = try await LoadStrangers(strangers, to: server.port)
    let before = server.residentBytes
    let idle = server.processorSeconds
    let start = ContinuousClock.now
    let channels = try await fleet.connect(
      to: server.port, on: group, inFlight: inFlight, plan ?? idlePlan, counters)
    guard await counters.wait(for: { counters.ready.value >= devices }) else { throw missing("sessions", counters) }
    report.handshakesPerSecond = Double(devices) / start.duration(to: .now).seconds
    report.serverMicrosecondsPerHandshake = (server.processorSeconds - idle) / Double(devices) * 1e6
    report.bytesUpPerHandshake = counters.bytesUp.value / devices
    report.bytesDownPerHandshake = counters.bytesDown.value / devices
    report.devicesOnline = counters.ready.value
    report.serverBytesPerConnection = (server.residentBytes - before) / devices

    if let plan { try await exchange(channels, plan, counters, &report) }
    report.duplicates = counters.duplicates.value
    report.failures = counters.failures.value
    report.serverPeakBytes = server.peakBytes
    report.strangersPerSecond = try await crowd.end()

    for channel in channels { channel.close(promise: nil) }
    try await group.shutdownGracefully()
    report.serverEndedCleanly = server.stop() == 0
    return report
  }

  /// Conversations through the relay, then messages through the mailbox.
  private func exchange(
    _ channels: [any Channel], _ plan: LoadPlan, _ counters: LoadCounters, _ report: inout LoadReport
  ) async throws {
    var start = ContinuousClock.now
    for (index, channel) in channels.enumerated() where index.isMultiple(of: 2) {
      channel.triggerUserOutboundEvent(LoadEvent.converse, promise: nil)
    }
    let conversed = devices / 2 * plan.messages
    guard await counters.wait(for: { counters.confirmed.value >= conversed }) else {
      throw missing("messages", counters)
    }
    report.relayedMessagesPerSecond = Double(conversed) / start.duration(to: .now).seconds
    report.relayedMessages = counters.confirmed.value

    start = .now
    for channel in channels { channel.triggerUserOutboundEvent(LoadEvent.deposit, promise: nil) }
    let deposited = devices * plan.deposits
    guard await counters.wait(for: { counters.accepted.value >= deposited && counters.delivered.value >= deposited })
    else { throw missing("sealed messages", counters) }
    report.mailboxMessagesPerSecond = Double(deposited) / start.duration(to: .now).seconds
    report.mailboxMessages = counters.delivered.value
  }

  private func missing(_ what: String, _ counters: LoadCounters) -> LoadError {
    .missing(what, counted: counters.description)
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
