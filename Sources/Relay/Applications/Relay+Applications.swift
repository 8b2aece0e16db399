// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Foundation
import Mailbox
import Records
import Registry
import Wire

/// What devices ask of applications, and what both are told.
extension Relay {
  /// Keeps the opening of a device's channel.
  func open(_ channel: DeviceChannel, from client: Client) {
    guard !isOutdated(client), fleet.application(channel.application) != nil else {
      return client.connection.send(
        .channel(
          .channelRefused(ChannelID(number: channel.id), isOutdated(client) ? .unavailable : .unknownApplication)))
    }
    office.submit(.open(channel), from: client)
  }

  /// Keeps a device's message for an application.
  func take(_ report: Report, from client: Client, isAffordable: Bool) {
    let refusal: ServerRecord.Refusal? =
      if isOutdated(client) {
        .mayOnlyRenew
      } else if report.id.generation > client.generation {
        .impossibleNumber
      } else if !fleet.allows(from: client.address.system, to: report.application.system)
        || fleet.application(report.application) == nil
      {
        .unknownRecipient
      } else if report.body.count > Message.maximumLength + (report.channel == nil ? 0 : tagLength) {
        .tooLong
      } else if !isAffordable {
        .unavailable
      } else {
        nil
      }
    if let refusal { return office.desk.refuse(report, client, refusal) }
    var report = report
    report.milliseconds = milliseconds()
    if office.desk.isFull(for: report) { return office.desk.postpone(report, client) }
    office.submit(.report(report), from: client)
  }

  /// Carries out what an instance of an application asks.
  func perform(_ action: QueueAction, for client: Client) {
    guard client.isApplication else { return client.connection.close(.violation) }
    guard !isOutdated(client) else {
      if case .request(let request) = action {
        client.connection.send(.queue(.requestState(request.id, .unknown)))
      }
      return
    }
    switch action {
    case .take(let bytes): if client.listens { office.take(bytes, client) }
    case .done(let sequences): office.submit(.done(sequences), from: client)
    case .release(let sequence, let isDead): office.submit(.release(sequence, isDead: isDead), from: client)
    case .find(let device): office.submit(.find(device), from: client)
    case .replay(let sequence): office.submit(.replay(sequence), from: client)
    case .request(var request):
      guard request.body.count <= Message.maximumLength + tagLength else {
        return client.connection.send(.queue(.requestState(request.id, .unknown)))
      }
      request.deadline = min(max(request.deadline, 1), limits.mailbox.queue.longestRequest)
      office.submit(.request(request), from: client)
    }
  }

  /// The applications of a device's system, for a device that knows the records.
  func applicationRecords(for client: Client) -> [OutgoingRecord] {
    guard client.knowsApplications else { return [] }
    return (fleet.snapshot.applications[client.address.system] ?? []).filter { !$0.device.isRevoked }
      .map { OutgoingRecord($0) }
  }

  /// Tells the applications of a device's system what has become of the device. They can do without it: whoever does not read, or
  /// whose system's devices come and go too often, is not told.
  func tell(_ event: QueueNotice.Event, of address: DeviceAddress) {
    let instances = router.instances(in: address.system)
    guard !instances.isEmpty else { return }
    guard budgets.takePresence(of: address.system) else { return metrics.presenceDropped.add(1) }
    let record = ServerRecord.queue(.presence(address, event, milliseconds: milliseconds()))
    for client in instances where client.address != address { client.connection.mention(record) }
  }
}

extension OutgoingRecord {
  /// Tells a device of an application.
  init(_ application: RegisteredApplication) {
    let name = Array(application.name.utf8)
    self.init(.channel(.application(isDefault: application.isDefault, application.certificate, name: name.bytes)))
  }
}
