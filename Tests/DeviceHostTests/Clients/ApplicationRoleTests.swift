// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import FleetSupport
import Records
import Testing
import Wire

@testable import DeviceHost

@Suite("An application's client")
final class ApplicationRoleTests {
  let scratch = try! Scratch()
  let authority = try! Authority()
  let device: TestDevice
  let session = ScriptedSession()
  private var near = DeviceChannel()
  private var opening: [UInt8] = []
  private var role: ApplicationRole!
  private var reports: [(QueueNotice.Report, [UInt8])] = []
  private var sequence: QueueSequence = 0
  private var ticket: UInt64 = 0
  private let credit = 1000

  init() throws {
    device = try authority.device(0xA)
    let application = try authority.application(0xB)
    let path = scratch.file("backend.application")
    let flash = application.stored
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    role = try ApplicationRole(
      AnyDevice(opening: path), ClientSettings(), credit: credit, deliver: { self.reports.append(($0, $1)) },
      see: { _, _, _ in }, finish: { _ in })
    opening = [UInt8](repeating: 0, count: DeviceChannel.maximumOpeningLength)
    try openChannel(to: application.certificate)
  }

  private func openChannel(to application: Certificate) throws {
    var span = opening.mutableBytes
    _ = try device.identity.open(&near, to: application, into: &span)
  }

  private func connect() throws {
    try role.begin(session)
    try role.flush()
  }

  private var openingEvent: SessionEvent {
    .opening(device.address, generation: 1, near.id, opening)
  }

  private func report(_ text: [UInt8], request: RequestID? = nil, damaged: Bool = false) throws -> SessionEvent {
    sequence += 1
    let header = near.report(MessageID(1 << 48 | sequence), request: request)
    var sealed = [UInt8](repeating: 0, count: text.count + tagLength)
    var span = sealed.mutableBytes
    _ = try near.seal(text.bytes, as: header, into: &span)
    if damaged { sealed[0] ^= 1 }
    return .report(
      QueueNotice.Report(
        sequence: sequence, device: device.address, milliseconds: 5, attempt: 1, channel: near.id, id: header.id,
        request: request), sealed)
  }

  private func request(_ body: [UInt8], _ id: RequestID, flags: RequestFlags = []) -> Answered<[UInt8]> {
    let outcome = Answered<[UInt8]>()
    ticket += 1
    role.take(
      .request(
        OutgoingRequest(
          ticket: ticket, id: id, device: device.address.device, body: body, flags: flags,
          deadline: .now + .seconds(3600), finish: outcome.finish)))
    return outcome
  }

  private func flush() throws -> [ScriptedSession.Said] {
    try role.flush()
    return session.take()
  }

  /// What the device reads in a request.
  private func read(_ said: ScriptedSession.Said?) throws -> [UInt8]? {
    guard case .request(let header, let sealed) = said else { return nil }
    let notice = ChannelNotice.Request(
      application: role.address.device, channel: header.channel, request: header.request, flags: header.flags,
      instance: header.instance, counter: header.counter, secondsLeft: header.seconds)
    var text = [UInt8](repeating: 0, count: sealed.count)
    var span = text.mutableBytes
    let length = try near.open(sealed.bytes, of: notice, into: &span)
    try near.accept(notice)
    return Array(text[..<length])
  }

  @Test("takes as many bytes as it has room for, hands on what comes, and says what is done")
  func reportsAndCredit() throws {
    try connect()
    #expect(session.take() == [.take(1000)])
    try role.receive(openingEvent)
    try role.receive(report([1, 2]))
    try role.receive(report([]))
    #expect(reports.map(\.1) == [[1, 2], []] && reports[0].0.milliseconds == 5)
    #expect(try flush() == [])
    role.take(.done(1))
    // The records of the opening, 203 bytes, and of the report, 65, are more than a quarter of the credit.
    #expect(try flush() == [.done([1]), .take(268)])
    role.take(.done(1))
    #expect(try flush() == [], "done is said once")
    role.take(.done(2))
    #expect(try flush() == [.done([2])])
    try role.receive(report([3]))
    role.take(.release(3, isDead: false))
    #expect(try flush() == [.release(3, isDead: false)])
    role.take(.replay(from: 1))
    #expect(try flush() == [.replay(1)])
  }

  @Test("does not hand on again what was done, nor twice what is not done yet, over any number of sessions")
  func repeated() throws {
    try connect()
    try role.receive(openingEvent)
    let first = try report([1])
    let second = try report([2])
    for event in [first, second, first] { try role.receive(event) }
    #expect(reports.count == 2)
    role.take(.done(1))
    _ = try flush()
    role.interrupt()
    try connect()
    // What it still holds is not asked for again.
    #expect(session.take() == [.take(936)])
    for event in [first, second] { try role.receive(event) }
    #expect(reports.count == 2)
    #expect(try flush() == [.done([1])])
  }

  @Test("sets aside what nobody can read, and goes on")
  func unreadable() throws {
    try connect()
    _ = session.take()
    try role.receive(openingEvent)
    try role.receive(report([1], damaged: true))
    try role.receive(report([2]))
    #expect(reports.map(\.1) == [[2]])
    #expect(try flush() == [.release(1, isDead: true), .take(267)])
    // A message that the server could read comes as it is.
    var open = QueueNotice.Report(
      sequence: 9, device: device.address, milliseconds: 0, attempt: 2, isOpen: true, channel: Bytes(),
      id: MessageID(1))
    try role.receive(.report(open, [7]))
    #expect(reports.last?.1 == [7] && reports.last?.0.isOpen == true)
    open.sequence = 10
    open.isOpen = false
    try role.receive(.report(open, [7]))
    #expect(try flush() == [.find(device.address.device)], "a channel that it does not have is asked for")
  }

  @Test("asks a device through its latest channel, and hands the answer to who asked")
  func requests() throws {
    try connect()
    let outcome = request([1], 11)
    #expect(try flush() == [.take(1000), .find(device.address.device)])
    try role.receive(openingEvent)
    #expect(try read(flush().first) == [1])
    try role.receive(.requestState(11, .given))
    try role.receive(.requestState(11, .taken))
    #expect(!outcome.isOver)
    try role.receive(report([9], request: 11))
    #expect(outcome.value == [9] && reports.isEmpty)
    #expect(try flush() == [.done([1]), .take(275)])
    // The same once more is late: it is the owner's to tell.
    try role.receive(report([9], request: 11))
    #expect(reports.map(\.0.request) == [11])

    let quiet = request([2], 12, flags: .wantsNoReply)
    #expect(try read(flush().first) == [2])
    try role.receive(.requestState(12, .taken))
    #expect(quiet.value == [])
    for (id, state) in [(13, .asleep), (14, .expired), (15, .tooMany)] as [(RequestID, RequestState)] {
      let failing = request([3], id)
      _ = try flush()
      try role.receive(.requestState(id, state))
      #expect(failing.error == .requestFailed(state))
    }
  }

  @Test(
    "looks for a newer channel once when the server does not know the one it used, and for none where there is none")
  func newerChannel() throws {
    try connect()
    try role.receive(openingEvent)
    let outcome = request([1], 11)
    let first = try flush().last
    try role.receive(.requestState(11, .unknown))
    #expect(try flush() == [.find(device.address.device)])
    try role.receive(openingEvent)
    let second = try flush().last
    guard case .request(let before, _) = first, case .request(let after, _) = second else {
      Issue.record("it was not asked twice")
      return
    }
    #expect(before.request == after.request && before.counter != after.counter && before.instance == after.instance)
    try role.receive(.requestState(11, .unknown))
    #expect(outcome.error == .requestFailed(.unknown))

    role.latest = [:]
    let none = request([1], 12)
    _ = try flush()
    try role.receive(.opening(device.address, generation: 0, Bytes(), []))
    #expect(none.error == .noChannel(device.address))
  }

  @Test("sends a request again after an interruption, the same bytes, until the server has said something about it")
  func interruption() throws {
    try connect()
    try role.receive(openingEvent)
    _ = session.take()
    let unheard = request([1], 11)
    let heard = request([2], 12)
    let first = try flush()
    #expect(first.count == 2)
    try role.receive(.requestState(12, .stored))
    role.interrupt()
    try connect()
    #expect(session.take() == [.take(1000), first[0]])
    #expect(!unheard.isOver && !heard.isOver)
    role.take(.cancel(1))
    role.end(nil)
    #expect(unheard.isOver && unheard.error == nil && heard.error == .closed)
  }
}
