// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import FleetSupport
import Records
import TestSeed
import Testing
import Wire

@testable import DeviceHost

@Suite("A device's client")
struct DeviceRoleTests {
  let scratch = try! Scratch()
  let bench: DeviceBench

  init() throws { bench = try DeviceBench(scratch) }

  private func report(in said: [ScriptedSession.Said]) -> ChannelRecord.Report? {
    for case .report(let report, _) in said { return report }
    return nil
  }

  private func isOpening(_ said: ScriptedSession.Said) -> Bool {
    if case .channel = said { true } else { false }
  }

  @Test("reports once the server has named its applications, opens one channel, and hears what is stored")
  func reports() throws {
    let early = bench.report([1])
    try bench.connect(naming: false)
    #expect(try bench.flush() == [] && bench.session.pings == 1)
    try bench.nameApplication()
    try bench.role.receive(.pong)
    let first = try bench.flush()
    #expect(try bench.read(first).map(\.1) == [[1]])
    #expect(first.filter(isOpening).count == 1)
    #expect(!early.isOver)
    let id = try #require(report(in: first)).id
    try bench.role.receive(.accepted(id))
    #expect(early.value?.id == id && early.value?.outcome == .stored && early.value?.route == .channel)

    let others = [bench.report([2]), bench.report([3], to: .named("backend"))]
    let second = try bench.flush()
    #expect(try bench.read(second).map(\.1) == [[2], [3]])
    #expect(!second.contains(where: isOpening))
    for case .report(let report, _) in second { try bench.role.receive(.accepted(report.id)) }
    #expect(others.allSatisfy { $0.value != nil })
    let unknown = bench.report([4], to: .named("other"))
    #expect(try bench.flush() == [])
    #expect(unknown.error == .unknownApplication("other"))
    let tooLong = bench.report([UInt8](repeating: 0, count: Message.maximumLength + 1))
    #expect(tooLong.error == .device(.messageTooLong))
  }

  @Test("waits until the application is done, if it was asked to")
  func done() throws {
    try bench.connect()
    let outcome = bench.report([1], wantsDone: true)
    let id = try #require(report(in: try bench.flush())).id
    try bench.role.receive(.accepted(id))
    #expect(!outcome.isOver)
    try bench.role.receive(.done(id))
    #expect(outcome.value?.outcome == .delivered)
  }

  @Test("keeps a message whose queue is full, under its number, and gives it up with its deadline")
  func later() throws {
    try bench.connect()
    let outcome = bench.report([1])
    let first = try bench.flush()
    let id = try #require(report(in: first)).id
    try bench.role.receive(.later(id, seconds: 3600))
    #expect(try bench.flush() == [])
    #expect(try #require(bench.role.nextDeadline) > .now + .seconds(3000))
    bench.role.delayed[0].retryAt = .now
    let second = try bench.flush()
    #expect(second == first.filter { !isOpening($0) })
    try bench.role.receive(.accepted(id))
    #expect(outcome.value?.id == id)

    let late = bench.report([2], deadline: .now)
    let third = try #require(report(in: try bench.flush())).id
    try bench.role.receive(.later(third, seconds: 9))
    bench.role.expire()
    #expect(late.error == .queueFull(retryAfter: 9))
  }

  @Test("opens another channel when the server does not have this one, and gives up where there is no application")
  func refused() throws {
    try bench.connect()
    let outcome = bench.report([1])
    let first = try #require(report(in: try bench.flush()))
    try bench.role.receive(.refused(first.id, .unknownChannel))
    let said = try bench.flush()
    let second = try #require(report(in: said))
    #expect(said.contains(where: isOpening) && second.id == first.id && second.channel != first.channel)
    #expect(try bench.read(said).map(\.1) == [[1]])
    try bench.role.receive(.channelRefused(second.channel, .unknownApplication))
    try bench.role.receive(.refused(second.id, .unknownChannel))
    #expect(outcome.error == .channelRefused(.unknownApplication))

    let other = bench.report([2])
    let third = try #require(report(in: try bench.flush()))
    try bench.role.receive(.refused(third.id, .tooLong))
    #expect(other.error == .notStored(.tooLong))
    // What one channel's refusals cost is bounded.
    let hopeless = bench.report([3])
    var count = 0
    while let sent = report(in: try bench.flush()), count < 10 {
      try bench.role.receive(.refused(sent.id, .unknownChannel))
      count += 1
    }
    #expect(count == 4 && hopeless.error == .notStored(.unknownChannel))
  }

  @Test("sends what a session left undone again in the next one: the same bytes")
  func interruption() throws {
    try bench.connect()
    let outcomes = (0..<5).map { bench.report([$0]) }
    bench.session.left = 4
    #expect(throws: DeviceHostError.self) { try bench.role.flush() }
    let first = bench.session.take()
    bench.role.interrupt()
    try bench.connect()
    let second = bench.session.take()
    #expect(try bench.read(first + second).count == 3 + 5)
    for record in first where !isOpening(record) { #expect(second.contains(record)) }
    for case .report(let report, _) in second { try bench.role.receive(.accepted(report.id)) }
    #expect(outcomes.allSatisfy { $0.value != nil })
    #expect(Set(outcomes.compactMap { $0.value?.id }).count == 5)
  }

  @Test("cancels what is given up, before it is sent and after")
  func cancelling() throws {
    try bench.connect()
    bench.role.take(.cancel(1))
    #expect(bench.report([1]).isOver)
    let waiting = bench.report([2])
    bench.role.take(.cancel(2))
    #expect(try bench.flush() == [] && waiting.isOver && waiting.value == nil)
    let sent = bench.report([3])
    let id = try #require(report(in: try bench.flush())).id
    bench.role.take(.cancel(3))
    #expect(sent.isOver)
    try bench.role.receive(.accepted(id))
    let last = bench.report([4])
    bench.role.end(nil)
    #expect(last.error == .closed)
  }

  @Test("hands a request on until it is the application's on the disk too, and answers it")
  func requests() throws {
    try bench.connect()
    bench.report([1])
    let said = try bench.flush()
    _ = try bench.read(said)
    let channel = try #require(report(in: said)).channel
    var instance = ApplicationInstance()
    let first = try bench.ask([7], 70, through: channel, by: &instance)
    let second = try bench.ask([8], 80, through: channel, by: &instance)
    for event in [first, first, second] { try bench.role.receive(event) }
    #expect(bench.requests.map(\.1) == [[7], [8]])
    #expect(try bench.flush() == [])

    // Killed before either was acknowledged: both come again.
    try bench.start()
    try bench.connect()
    for event in [first, second] { try bench.role.receive(event) }
    #expect(bench.requests.map(\.1) == [[7], [8], [7], [8]])
    let answer = Answered<Delivery>()
    let target = Outgoing.Target.answer(application: bench.application.address.device, 80)
    bench.role.take(.accept(bench.requests[2].2, answer: nil))
    bench.role.take(.accept(bench.requests[3].2, answer: bench.outgoing([9], target, answer)))
    let answered = try bench.flush()
    #expect(answered.contains(.taken(bench.application.address.device, 70)))
    #expect(answered.contains(.taken(bench.application.address.device, 80)))
    let reply = try #require(try bench.read(answered).first)
    #expect(reply.0.request == 80 && reply.1 == [9])
    try bench.role.receive(.accepted(reply.0.id))
    #expect(answer.value?.id == reply.0.id)

    // Killed after that: the server is told, the application is not asked.
    try bench.start()
    try bench.connect()
    _ = bench.session.take()
    for event in [first, second] { try bench.role.receive(event) }
    #expect(bench.requests.count == 4)
    #expect(bench.session.take() == [70, 80].map { .taken(bench.application.address.device, $0) })
  }

  @Test("hands a message on once, and again after a restart until it is acknowledged")
  func messages() throws {
    try bench.connect()
    let sender = DeviceAddress(system: SystemID(1), device: DeviceID(0xC))
    let mail = ReceivedMessage(from: sender, generation: 1, id: MessageID(1 << 48), route: .mailbox, body: [1])
    for _ in 0..<2 { try bench.role.receive(.message(mail)) }
    #expect(bench.messages.count == 1)
    try bench.start()
    try bench.connect()
    _ = bench.session.take()
    try bench.role.receive(.message(mail))
    #expect(bench.messages.count == 2 && bench.session.take() == [])
    bench.role.take(.acknowledge(bench.messages[1].1))
    #expect(try bench.flush() == [.delivered(from: sender, mail.id)])
    try bench.start()
    try bench.connect()
    _ = bench.session.take()
    try bench.role.receive(.message(mail))
    #expect(bench.messages.count == 2 && bench.session.take() == [.delivered(from: sender, mail.id)])
  }

  @Test("never seals two texts under one key and number, wherever it is killed")
  func kills() throws {
    var generator = SeededGenerator(for: "a client that is killed")
    var texts: [Place: [UInt8]] = [:]
    var sealed: [Place: [UInt8]] = [:]
    var next: UInt32 = 0
    for _ in 0..<60 {
      try bench.start()
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        try? bench.connect()
        bench.session.left = Int.random(in: 0...12, using: &generator)
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
          next += 1
          bench.report(withUnsafeBytes(of: next) { [UInt8]($0) })
        }
        try? bench.role.flush()
        let said = bench.session.take()
        for (report, text) in try bench.read(said) {
          let place = Place(report)
          #expect(texts.updateValue(text, forKey: place) ?? text == text)
        }
        for case .report(let report, let ciphertext) in said {
          #expect(sealed.updateValue(ciphertext, forKey: Place(report)) ?? ciphertext == ciphertext)
          bench.session.left = .max
          switch Int.random(in: 0..<4, using: &generator) {
          case _ where !bench.knows(report.channel): try bench.role.receive(.refused(report.id, .unknownChannel))
          case 0: try bench.role.receive(.refused(report.id, .unknownChannel))
          case 1: try bench.role.receive(.accepted(report.id))
          default: break
          }
        }
        bench.role.interrupt()
      }
    }
    #expect(sealed.count > 100)
  }

  /// A key and a nonce.
  private struct Place: Hashable {
    let channel: ChannelID
    let id: MessageID

    init(_ report: ChannelRecord.Report) {
      channel = report.channel
      id = report.id
    }
  }
}
