// SPDX-License-Identifier: Apache-2.0

import Foundation
import Mailbox
import Records
import Wire

/// A session of an application that takes messages.
///
/// Used on the post office's queue only.
final class Instance {
  let client: Client
  /// Bytes of records that it is ready for.
  private(set) var credit = 0
  /// Messages that it has and has not done.
  var leases = 0
  /// Devices whose messages it has.
  var devices: Set<DeviceAddress> = []
  /// Devices whose next messages wait for its credit.
  var waiting: [DeviceAddress] = []
  private var announced: Set<Int64> = []
  private var outbox: [OutgoingRecord] = []
  private let limits: QueueLimits

  /// Openings that are remembered as sent; beyond that they are sent again.
  private static let maximumAnnounced = 65_536

  init(_ client: Client, _ limits: QueueLimits) {
    self.client = client
    self.limits = limits
  }

  var isReady: Bool { credit > 0 && leases < limits.leasesPerInstance && !client.hasEnded }

  func add(credit bytes: Int) { credit = min(limits.credit, credit + bytes) }

  /// Whether it has not been sent this channel's opening in its session; from here on it has.
  func announces(_ channel: Int64) -> Bool {
    if announced.count >= Self.maximumAnnounced { announced = [] }
    return announced.insert(channel).inserted
  }

  /// Puts a record on its way, at the expense of the instance's credit.
  func put(_ record: OutgoingRecord) {
    credit -= record.recordLength
    outbox.append(record)
  }

  func flush() {
    guard !outbox.isEmpty else { return }
    client.connection.send(outbox, written: nil)
    outbox = []
  }
}

extension OutgoingRecord {
  /// A device's message for an application's instance.
  init(_ report: QueuedReport, channel: ChannelID) {
    let head = QueueNotice.Report(
      sequence: UInt64(report.sequence), device: report.sender, milliseconds: report.milliseconds,
      attempt: UInt8(clamping: report.attempts + 1), isOpen: report.channelRow == nil, wantsDone: report.wantsDone,
      isByWakeUp: report.isByWakeUp, channel: channel, id: report.id, request: report.request)
    self.init(.queue(.report(head, report.body.bytes)))
  }

  init(opening channel: DeviceChannel) {
    self.init(
      .queue(
        .opening(
          channel.device, generation: channel.generation, channel: ChannelID(number: channel.id), channel.opening.bytes)
      ))
  }
}
