// SPDX-License-Identifier: Apache-2.0

import Foundation
import Wire

/// A message of a device for an application's queue.
package struct Report: Sendable {
  package let application: DeviceAddress
  package let sender: DeviceAddress
  package let id: MessageID
  /// The channel it is sealed under, 8 bytes; nil for a text that the server can read.
  package let channel: UInt64?
  package let wantsDone: Bool
  package let isByWakeUp: Bool
  /// The request that it answers.
  package let request: UInt64?
  /// When it arrived, since 1970.
  package var milliseconds: UInt64
  package let body: Data

  package init(
    application: DeviceAddress, sender: DeviceAddress, id: MessageID, channel: UInt64?, wantsDone: Bool = false,
    isByWakeUp: Bool = false, request: UInt64? = nil, milliseconds: UInt64, body: Data
  ) {
    self.application = application
    self.sender = sender
    self.id = id
    self.channel = channel
    self.wantsDone = wantsDone
    self.isByWakeUp = isByWakeUp
    self.request = request
    self.milliseconds = milliseconds
    self.body = body
  }

  /// The number of bytes it counts as.
  package var weight: Int { max(body.count, MailboxLimits.smallestCharge) }
}

/// A message that waits in an application's queue.
package struct QueuedReport: Sendable {
  /// Its place in the order of arrival.
  package let sequence: Int64
  package let sender: DeviceAddress
  package let id: MessageID
  /// The row of its channel; nil for a text that the server can read.
  package let channelRow: Int64?
  package let wantsDone: Bool
  package let isByWakeUp: Bool
  package let request: UInt64?
  package let milliseconds: UInt64
  /// How many times it has been leased and given back.
  package var attempts: Int
  package let body: Data
}

extension QueuedReport {
  /// A report that has just been stored.
  package init(_ report: Report, sequence: Int64, channelRow: Int64?) {
    self.init(
      sequence: sequence, sender: report.sender, id: report.id, channelRow: channelRow, wantsDone: report.wantsDone,
      isByWakeUp: report.isByWakeUp, request: report.request, milliseconds: report.milliseconds, attempts: 0,
      body: report.body)
  }
}

/// A device's channel to an application, as the server keeps it.
package struct DeviceChannel: Sendable {
  package let application: DeviceAddress
  package let device: DeviceAddress
  /// 8 bytes.
  package let id: UInt64
  /// Of the application's key that the opening is sealed to.
  package let generation: Generation
  package let opening: Data

  package init(
    application: DeviceAddress, device: DeviceAddress, id: UInt64, generation: Generation, opening: Data
  ) {
    self.application = application
    self.device = device
    self.id = id
    self.generation = generation
    self.opening = opening
  }
}

/// A request of an application that waits for a device.
package struct WaitingRequest: Sendable {
  package let application: DeviceAddress
  package let device: DeviceAddress
  package let id: UInt64
  package let channel: UInt64
  package let flags: UInt8
  /// 16 bytes.
  package let instance: Data
  package let counter: UInt64
  /// By the mailbox's clock.
  package var deadline: Int64
  package let body: Data

  package init(
    application: DeviceAddress, device: DeviceAddress, id: UInt64, channel: UInt64, flags: UInt8, instance: Data,
    counter: UInt64, deadline: Int64, body: Data
  ) {
    self.application = application
    self.device = device
    self.id = id
    self.channel = channel
    self.flags = flags
    self.instance = instance
    self.counter = counter
    self.deadline = deadline
    self.body = body
  }
}

/// A message that five instances have had and none has done.
package struct DeadLetter: Sendable {
  package let sequence: Int64
  package let application: DeviceAddress
  package let sender: DeviceAddress
  package let id: MessageID
  /// When it arrived, since 1970.
  package let milliseconds: UInt64
  package let attempts: Int
  package let bytes: Int
}
