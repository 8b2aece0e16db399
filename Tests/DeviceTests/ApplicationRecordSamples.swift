// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Records
import Wire

/// One of each record that is about applications.
extension RecordSamples {
  static let applicationDeviceTypes = Array<UInt8>(0x10...0x12) + Array(0x18...0x1D)
  static let applicationServerTypes = Array<UInt8>(0xA0...0xA8)
  static let application = DeviceID(0xA1A2_A3A4_A5A6_A7A8)
  static let channel = try! ChannelID(copying: [UInt8](repeating: 0xC4, count: 8).bytes)
  static let instance = try! InstanceID(copying: [UInt8](repeating: 0x15, count: 16).bytes)

  static func applicationDeviceRecords() -> [[UInt8]] {
    let body = Self.body
    let sequences: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 1, 0]
    return [
      encode(
        .hello(DeviceRecord.Hello(listens: true, epoch: 7, revocationSequence: 9, knowsApplications: true))),
      encode(.channel(.open(application: application, generation: 3, channel: channel, body.bytes))),
      encode(
        .channel(
          .report(ChannelRecord.Report(application: application, channel: channel, id: MessageID(42)), body.bytes))),
      encode(
        .channel(
          .report(
            ChannelRecord.Report(
              application: application, channel: channel, id: MessageID(42), wantsDone: true, request: 77), body.bytes))
      ),
      encode(.channel(.taken(application: application, request: 77))),
      encode(.queue(.take(bytes: 1 << 20))),
      encode(.queue(.done(sequences.bytes))),
      encode(.queue(.release(7, isDead: false))),
      encode(.queue(.release(7, isDead: true))),
      encode(
        .queue(
          .request(
            QueueRecord.Request(
              device: application, channel: channel, request: 77, flags: [.waits, .wantsNoReply], seconds: 30,
              instance: instance, counter: 5), body.bytes))),
      encode(.queue(.find(application))),
      encode(.queue(.replay(from: 7))),
    ]
  }

  static func applicationServerRecords(_ authority: Authority) throws -> [[UInt8]] {
    let certificate = try authority.issuer.certificate(
      for: Bytes(), system: address.system, device: application, generation: 1, lastEpoch: 9, isApplication: true)
    let body = Self.body
    let name = Array("meter".utf8)
    var records = [
      encode(.channel(.application(isDefault: false, certificate, name: name.bytes))),
      encode(.channel(.application(isDefault: true, certificate, name: name.bytes))),
      encode(.channel(.later(MessageID(42), seconds: 60))),
      encode(.channel(.done(MessageID(42)))),
      encode(
        .channel(
          .request(
            ChannelNotice.Request(
              application: application, channel: channel, request: 77, flags: .waits, instance: instance, counter: 5,
              secondsLeft: 29), body.bytes))),
      encode(.queue(.opening(address, generation: 3, channel: channel, body.bytes))),
      encode(
        .queue(
          .report(
            QueueNotice.Report(
              sequence: 7, device: address, milliseconds: 1_700_000_000_000, attempt: 1, channel: channel,
              id: MessageID(42)), body.bytes))),
      encode(
        .queue(
          .report(
            QueueNotice.Report(
              sequence: 7, device: address, milliseconds: 1_700_000_000_000, attempt: 5, isOpen: true, wantsDone: true,
              isByWakeUp: true, channel: ChannelID(), id: MessageID(42), request: 77), body.bytes))),
    ]
    for raw: UInt8 in 1...4 {
      records.append(encode(.channel(.channelRefused(channel, ChannelNotice.Refusal(rawValue: raw)!))))
    }
    for raw: UInt8 in 1...7 { records.append(encode(.queue(.requestState(77, RequestState(rawValue: raw)!)))) }
    for raw: UInt8 in 1...5 {
      records.append(
        encode(
          .queue(.presence(address, QueueNotice.Event(rawValue: raw)!, milliseconds: 1_700_000_000_000))))
    }
    return records
  }
}
