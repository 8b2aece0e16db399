// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Device
import Foundation
import Keyring
import Records
import Wire

@testable import Registry
@testable import Relay

/// A message as an instance of an application got it.
struct Got: Equatable {
  let sequence: UInt64
  let device: UInt64
  let attempt: UInt8
  let id: MessageID
  let isOpen: Bool
  let body: [UInt8]
}

extension TestFleet {
  /// An application and its file; the relay has seen it.
  func application(_ id: UInt64, named name: String = "meter") throws -> SimulatedDevice {
    let address = DeviceAddress(system: alpha, device: DeviceID(id))
    let application = SimulatedDevice()
    let state = try registry.state()
    application.identity.create(
      address: address, anchor: authority.issuerKey, serverKey: authority.serverKey.publicKey, epoch: state.epoch,
      master: authority.identityMaster.publicKey)
    let certificate = try registry.addApplication(
      NewDevice(address: address, publicKey: application.identity.renewalKey!), named: name, asDefault: false,
      issuer: authority.issuer)
    try application.identity.install(certificate)
    application.store()
    look()
    return application
  }

  /// A second has passed.
  func tick(_ seconds: Int64 = 1) {
    clock.advance(by: seconds)
    relay.tick()
    settle()
  }
}

extension SimulatedDevice {
  /// Another instance, with a copy of the file.
  func instance() throws -> SimulatedDevice {
    let other = SimulatedDevice()
    other.keep(flash)
    try other.restart()
    return other
  }

  /// Begins a session that knows of applications.
  func join(_ fleet: TestFleet, listens: Bool = true) throws {
    disconnect()
    let connection = fleet.connect()
    connection.arrive(try firstFrame(on: connection))
    guard let reply = connection.takeFrames().first else { throw Refused(reason: connection.closeReason) }
    try readReply(reply)
    var hello = identity.hello(listens: listens)
    hello.knowsApplications = true
    connection.arrive(try seal(.hello(hello)))
    if try pump(fleet) { return try join(fleet, listens: listens) }
    guard connection.isOpen else { throw Refused(reason: connection.closeReason) }
  }

  /// Says something and takes what comes.
  func say(_ record: DeviceRecord, in fleet: TestFleet) throws {
    try send(record, in: fleet)
    try pump(fleet)
  }

  /// An opening as long as one with a certificate; the server cannot read any.
  func openChannel(to application: DeviceAddress, generation: Generation = 1, _ id: UInt64, in fleet: TestFleet) throws
  {
    let opening = [UInt8](repeating: 0x0E, count: 180)
    try say(
      .channel(
        .open(
          application: application.device, generation: generation, channel: ChannelID(number: id), opening.bytes)),
      in: fleet)
  }

  /// Reports a text as if it were a ciphertext; returns what the server said.
  @discardableResult
  func report(
    _ body: [UInt8], to application: DeviceAddress, over channel: UInt64 = 7, id: MessageID? = nil,
    wantsDone: Bool = false, request: RequestID? = nil, in fleet: TestFleet
  ) throws -> (id: MessageID, answer: String?) {
    let id = try id ?? identity.nextMessageID()
    store()
    let before = heard.count
    let head = ChannelRecord.Report(
      application: application.device, channel: ChannelID(number: channel), id: id, wantsDone: wantsDone,
      request: request)
    try say(.channel(.report(head, body.bytes)), in: fleet)
    return (id, heard.dropFirst(before).last { !$0.hasPrefix("done") })
  }

  /// The messages that it got in this session.
  var got: [Got] {
    records.compactMap { bytes in
      guard case .queue(.report(let report, let body)) = try? ServerRecord(decoding: bytes.bytes) else { return nil }
      return Got(
        sequence: report.sequence, device: report.device.device.rawValue, attempt: report.attempt, id: report.id,
        isOpen: report.isOpen, body: [UInt8](copying: body))
    }
  }

  func take(_ bytes: UInt32 = 1 << 20, in fleet: TestFleet) throws { try say(.queue(.take(bytes: bytes)), in: fleet) }

  /// Says that it has messages done.
  func finish(_ sequences: [UInt64], in fleet: TestFleet) throws {
    let bytes = sequences.flatMap { sequence in (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (56 - 8 * $0)) } }
    try say(.queue(.done(bytes.bytes)), in: fleet)
  }

  /// Asks a device something.
  func ask(
    _ device: DeviceAddress, _ request: RequestID, flags: RequestFlags = [], seconds: UInt32 = 30,
    over channel: UInt64 = 7, in fleet: TestFleet
  ) throws {
    let body: [UInt8] = [0xA5]
    let head = QueueRecord.Request(
      device: device.device, channel: ChannelID(number: channel), request: request, flags: flags, seconds: seconds,
      instance: InstanceID(), counter: request)
    try say(.queue(.request(head, body.bytes)), in: fleet)
  }

  /// What became of a request, in the order heard.
  func states(of request: RequestID) -> [String] {
    heard.filter { $0.hasPrefix("request-\(request)-") }.map { String($0.dropFirst("request-\(request)-".count)) }
  }
}
