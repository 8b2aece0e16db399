// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import FleetSupport
import Records
import Synchronization
import Wire

@testable import DeviceHost

/// What became of something that was asked of a client.
final class Answered<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)

  var finish: @Sendable (Result<Value, any Error>) -> Void { { value in self.result.withLock { $0 = value } } }
  var value: Value? { try? result.withLock { $0 }?.get() }

  var error: DeviceHostError? {
    guard case .failure(let error) = result.withLock({ $0 }) else { return nil }
    return error as? DeviceHostError
  }

  var isOver: Bool { result.withLock { $0 != nil } }
}

/// A device's client without a thread, a session in the test's hands, and the application that the device reports to.
final class DeviceBench {
  let authority: Authority
  let application: TestDevice
  let path: String
  let address: DeviceAddress
  private(set) var session = ScriptedSession()
  private(set) var role: DeviceRole!
  private(set) var messages: [(ReceivedMessage, DeviceRole.MessageKey)] = []
  private(set) var requests: [(ChannelNotice.Request, [UInt8], DeviceRole.RequestKey)] = []
  private var ticket: UInt64 = 0
  /// The application's ends of the device's channels.
  private var channels: [ChannelID: ApplicationChannelBox] = [:]

  final class ApplicationChannelBox { var value = ApplicationChannel() }

  init(_ scratch: Scratch) throws {
    authority = try Authority()
    application = try authority.application(0xB)
    path = scratch.file("1-10.device")
    address = try scratch.device(10, authority).read { $0.address }
    try start()
  }

  /// The process starts, again: all that it has is on the disk.
  func start() throws {
    role = nil
    let device = try AnyDevice(opening: path)
    role = DeviceRole(
      device, try Inbox(path: path + ".inbox"), ClientSettings(), deliver: { self.messages.append(($0, $1)) },
      ask: { self.requests.append(($0, $1, $2)) }, finish: { _ in })
  }

  /// A new session is there, and the server has named its applications.
  func connect(naming: Bool = true) throws {
    session = ScriptedSession()
    try role.begin(session)
    guard naming else { return }
    try nameApplication()
    try role.receive(.pong)
    try role.flush()
  }

  func nameApplication() throws {
    try role.receive(.application(isDefault: true, application.certificate, name: "backend"))
  }

  @discardableResult
  func report(
    _ body: [UInt8], to name: ApplicationName = .standard, wantsDone: Bool = false,
    deadline: ContinuousClock.Instant? = nil
  ) -> Answered<Delivery> {
    send(body, .application(name), wantsDone: wantsDone, deadline: deadline)
  }

  func send(
    _ body: [UInt8], _ target: Outgoing.Target, wantsDone: Bool = false, deadline: ContinuousClock.Instant? = nil
  ) -> Answered<Delivery> {
    let outcome = Answered<Delivery>()
    role.take(.send(outgoing(body, target, outcome, wantsDone: wantsDone, deadline: deadline)))
    return outcome
  }

  func outgoing(
    _ body: [UInt8], _ target: Outgoing.Target, _ outcome: Answered<Delivery>, wantsDone: Bool = false,
    deadline: ContinuousClock.Instant? = nil
  ) -> Outgoing {
    ticket += 1
    return Outgoing(
      ticket: ticket, target: target, body: body, wantsDone: wantsDone, deadline: deadline, finish: outcome.finish)
  }

  /// Sends what waits, and returns it.
  func flush() throws -> [ScriptedSession.Said] {
    try role.flush()
    return session.take()
  }

  /// Whether the opening of a channel has arrived.
  func knows(_ channel: ChannelID) -> Bool { channels[channel] != nil }

  /// What the application reads in reports. Openings among what was said are taken in first.
  func read(_ said: [ScriptedSession.Said]) throws -> [(ChannelRecord.Report, [UInt8])] {
    var texts: [(ChannelRecord.Report, [UInt8])] = []
    for record in said {
      switch record {
      case .channel(_, let generation, let id, let opening):
        let channel = ApplicationChannelBox()
        try application.identity.open(opening.bytes, from: address, generation: generation, into: &channel.value)
        channels[id] = channel
      case .report(let report, let sealed):
        guard let channel = channels[report.channel] else { continue }
        let notice = QueueNotice.Report(
          sequence: 1, device: address, milliseconds: 0, attempt: 1, wantsDone: report.wantsDone,
          channel: report.channel, id: report.id, request: report.request)
        var text = [UInt8](repeating: 0, count: sealed.count)
        var span = text.mutableBytes
        let length = try channel.value.open(sealed.bytes, of: notice, into: &span)
        texts.append((report, Array(text[..<length])))
      default: break
      }
    }
    return texts
  }

  /// A request of the application through the channel that was opened last, as the device gets it.
  func ask(
    _ body: [UInt8], _ id: RequestID, through channel: ChannelID, by instance: inout ApplicationInstance
  ) throws -> SessionEvent {
    guard let box = channels[channel] else { throw DeviceError.channel(.notOpen) }
    var sealed = [UInt8](repeating: 0, count: body.count + tagLength)
    var span = sealed.mutableBytes
    let (header, _) = try box.value.seal(body.bytes, as: id, seconds: 60, by: &instance, into: &span)
    let notice = ChannelNotice.Request(
      application: application.address.device, channel: channel, request: id, flags: header.flags,
      instance: header.instance, counter: header.counter, secondsLeft: 60)
    return .request(notice, sealed)
  }
}
