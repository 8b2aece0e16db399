// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Foundation
import Mailbox
import Records
import Wire

/// What an instance of an application asks of the server.
package enum QueueAction: Sendable {
  case take(Int)
  case done([Int64])
  case release(Int64, isDead: Bool)
  /// Its deadline is in seconds from now.
  case request(WaitingRequest)
  case find(DeviceAddress)
  case replay(Int64)
}

extension RelayAction {
  /// The longest opening of a channel: a Noise_X message with a certificate has 180 bytes.
  private static let longestOpening = 256

  /// What a device says about its channels.
  init(_ record: borrowing ChannelRecord, from address: DeviceAddress) {
    switch record {
    case .open(let application, let generation, let channel, let opening):
      guard opening.byteCount <= Self.longestOpening, channel != ChannelID() else {
        self = .close(.violation)
        return
      }
      self = .openChannel(
        DeviceChannel(
          application: DeviceAddress(system: address.system, device: application), device: address,
          id: channel.number, generation: generation, opening: Data(copying: opening)))
    case .report(let report, let body):
      self = .report(
        Report(
          application: DeviceAddress(system: address.system, device: report.application), sender: address,
          id: report.id, channel: report.channel.number, wantsDone: report.wantsDone, request: report.request,
          milliseconds: 0, body: Data(copying: body)))
    case .taken(let application, let request):
      self = .taken(application: DeviceAddress(system: address.system, device: application), request: request)
    }
  }

  /// What an instance of an application says.
  init(_ record: borrowing QueueRecord, from address: DeviceAddress) {
    switch record {
    case .take(let bytes): self = .queue(.take(Int(bytes)))
    case .done(let bytes):
      var sequences: [Int64] = []
      QueueRecord.sequences(in: bytes) { sequences.append(Int64(bitPattern: $0)) }
      self = .queue(.done(sequences))
    case .release(let sequence, let isDead): self = .queue(.release(Int64(bitPattern: sequence), isDead: isDead))
    case .request(let request, let body):
      self = .queue(
        .request(
          WaitingRequest(
            application: address, device: DeviceAddress(system: address.system, device: request.device),
            id: request.request, channel: request.channel.number, flags: request.flags.rawValue,
            instance: Data(copying: request.instance.bytes), counter: request.counter,
            deadline: Int64(request.seconds), body: Data(copying: body))))
    case .find(let device): self = .queue(.find(DeviceAddress(system: address.system, device: device)))
    case .replay(let sequence): self = .queue(.replay(Int64(clamping: sequence)))
    }
  }
}

extension Data {
  init(copying bytes: RawSpan) { self = bytes.withUnsafeBytes { Data($0) } }
}
