// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Records
import Synchronization
import Testing
import Wire

@testable import DeviceHost
@testable import Mailbox
@testable import Registry
@testable import Relay
@testable import RelayServer

/// One device's budgets, as the server applies them.
@Suite("Budgets")
struct BudgetTests {
  private let opening: [UInt8] = [1] + [UInt8](repeating: 9, count: 180)

  private func rest(_ action: RelayAction, _ address: DeviceAddress, _ fleet: TestFleet) -> Toll {
    fleet.relay.charge(action, to: fleet.relay.router.sessions(of: address).first!)
  }

  @Test("What exceeds a rate makes the connection rest; the budget is the device's, so that reconnecting gains nothing")
  func rates() throws {
    var limits = RelayLimits()
    limits.device.lookups = Rate(perSecond: 2, burst: 3)
    let fleet = try TestFleet(limits: limits)
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    for _ in 0..<3 { #expect(rest(.lookUp(b.address), a.address, fleet).rest == 0) }
    #expect(rest(.lookUp(b.address), a.address, fleet).rest == 500_000_000)
    try a.run(in: fleet)
    fleet.relay.purge()
    #expect(rest(.lookUp(b.address), a.address, fleet).rest == 1_000_000_000)
    #expect(rest(.lookUp(b.address), a.address, fleet).rest == 1_500_000_000)
    // It owes a whole burst.
    #expect(rest(.lookUp(b.address), a.address, fleet).isRefused)
    // Other things that it asks for, and other devices, have budgets of their own.
    #expect(rest(.pong, a.address, fleet).rest == 0)
    try b.run(in: fleet)
    #expect(rest(.lookUp(a.address), b.address, fleet).rest == 0)
    #expect(fleet.relay.metrics.throttled.value(.lookups) == 4)
    fleet.clock.advance(by: 4)
    #expect(rest(.lookUp(b.address), a.address, fleet).rest == 0)
  }

  @Test("Every kind of request has its budget")
  func kinds() throws {
    let fleet = try TestFleet()
    let limits = fleet.limits.device
    let a = try fleet.device(1)
    try a.run(in: fleet)
    let key = a.identity.certificate!.publicKey
    let deposit = Deposit(
      recipient: a.address, sender: a.address, id: MessageID(1), generation: 1, body: Data(repeating: 0, count: 100))
    let open = Deposit(
      recipient: a.address, sender: a.address, id: MessageID(1), generation: 0, body: Data(repeating: 0, count: 100))
    let cases: [(Budget, [RelayAction], Rate)] = [
      (.lookups, [.lookUp(a.address)], limits.lookups),
      (.deposits, [.deposit(deposit), .deposit(open)], limits.deposits),
      (.confirmations, [.delivered(from: a.address, id: MessageID(1))], limits.confirmations),
      (.keys, [.renew(key, .none), .rekey, .request(Bytes<32>())], limits.keys),
      (.records, [.pong], limits.records),
    ]
    for (budget, actions, rate) in cases {
      for index in 0..<Int(rate.burst) {
        #expect(rest(actions[index % actions.count], a.address, fleet).rest == 0, "\(budget)")
      }
      let toll = rest(actions[0], a.address, fleet)
      #expect(toll.rest == UInt64(1e9 / rate.perSecond) && toll.budget == budget)
      fleet.clock.advance(by: 1_000)
    }
    let frame = OutgoingRecord(
      .frame(from: a.address, session: 1, [UInt8](repeating: 3, count: 60_000).bytes))
    var tolls = (0..<40).map { _ in rest(.route(to: a.address, session: 0, frame), a.address, fleet) }
    #expect(tolls.removeFirst().rest == 0)
    #expect(tolls.last?.rest ?? 0 > 0 && tolls.last?.budget == .bytes)
  }

  @Test("Budgets that are whole again are forgotten, those of sessions never")
  func sweeping() throws {
    let fleet = try TestFleet()
    let a = try fleet.device(1)
    let b = try fleet.device(2)
    try a.run(in: fleet)
    try b.run(in: fleet)
    _ = rest(.lookUp(b.address), a.address, fleet)
    a.disconnect()
    fleet.forgetEnded()
    fleet.relay.purge()
    #expect(fleet.relay.budgets.count == 2)
    fleet.clock.advance(by: 86_400)
    fleet.relay.purge()
    #expect(fleet.relay.budgets.count == 1)
  }

  @Test("A conversation too many is answered as unreachable, one sender's after its burst, all senders' after theirs")
  func openings() throws {
    var limits = RelayLimits()
    limits.device.openings = Rate(perSecond: 1, burst: 2)
    limits.device.openingsReceived = Rate(perSecond: 1, burst: 5)
    let fleet = try TestFleet(limits: limits)
    let victim = try fleet.device(1)
    try victim.run(in: fleet)
    func open(_ sender: SimulatedDevice, _ body: [UInt8]) throws -> Bool {
      let before = fleet.relay.metrics.framesRouted.value
      try sender.send(.frame(to: victim.address, session: 0, body.bytes), in: fleet)
      try sender.pump(fleet)
      let isPassed = fleet.relay.metrics.framesRouted.value > before
      #expect(isPassed || sender.heard.last == "unreachable")
      return isPassed
    }
    let senders = try (UInt64(2)...4).map { try fleet.device($0) }
    for sender in senders { try sender.run(in: fleet, listens: false) }
    // Identity-based openings are of the same kind, and addressing a session by its number changes nothing.
    #expect(try open(senders[0], opening))
    #expect(try open(senders[0], [5] + opening.dropFirst()))
    #expect(try !open(senders[0], opening))
    // What belongs to a conversation passes.
    for step: UInt8 in [2, 3, 4, 6] { #expect(try open(senders[0], [step, 1])) }
    #expect(try open(senders[1], opening) && open(senders[1], opening))
    #expect(try open(senders[2], opening))
    #expect(try !open(senders[2], opening))
    #expect(fleet.relay.metrics.throttled.value(.openings) == 2)
    fleet.clock.advance(by: 1)
    #expect(try open(senders[2], opening))
    #expect(try !open(senders[0], opening))
    #expect(victim.frames.count == 0)
    try victim.pump(fleet)
    #expect(victim.frames.count == 10)
  }

  @Test("A device has so many sessions: the oldest that does not listen gives way")
  func sessions() throws {
    var limits = RelayLimits()
    limits.device.sessions = 3
    let fleet = try TestFleet(limits: limits)
    let device = try fleet.device(1)
    let content = device.flash
    func session(listens: Bool) throws -> SimulatedDevice {
      let again = SimulatedDevice()
      again.keep(content)
      try again.restart()
      try again.run(in: fleet, listens: listens)
      return again
    }
    let listener = try session(listens: true)
    let rest = try (0..<4).map { _ in try session(listens: false) }
    #expect(listener.connection?.isOpen == true)
    #expect(rest.map { $0.connection?.closeReason } == [.superseded, .superseded, nil, nil])
    #expect(fleet.relay.router.count == 3)
    // A listener takes the place of the listener before it.
    let newer = try session(listens: true)
    #expect(listener.connection?.closeReason == .superseded)
    #expect(newer.connection?.isOpen == true && rest[2].connection?.isOpen == true)
  }

  @Test("While half of all connections are taken, a device has fewer sessions")
  func pressure() throws {
    var limits = RelayLimits()
    limits.maximumConnections = 6
    let fleet = try TestFleet(limits: limits)
    let devices = try (UInt64(1)...3).map { try fleet.device($0) }
    for device in devices { try device.run(in: fleet) }
    let again = SimulatedDevice()
    again.keep(devices[0].flash)
    try again.restart()
    try again.run(in: fleet, listens: false)
    let third = SimulatedDevice()
    third.keep(devices[0].flash)
    try third.restart()
    try third.run(in: fleet, listens: false)
    #expect(again.connection?.closeReason == .superseded)
    #expect(devices[0].connection?.isOpen == true && third.connection?.isOpen == true)
  }

  @Test("Sessions that begin too fast wait for their welcome, and beyond that are turned away")
  func beginning() throws {
    var limits = RelayLimits()
    limits.device.sessionsBegun = Rate(perSecond: 1, burst: 2)
    let fleet = try TestFleet(limits: limits)
    let address = try fleet.device(1).address
    #expect((0..<5).map { _ in fleet.relay.waitForSession(address) } == [0, 0, 1_000_000_000, 2_000_000_000, nil])
    #expect(fleet.relay.metrics.throttled.value(.sessions) == 3)
  }

  @Test("Requests for keys wait in turn by device and system")
  func keyLane() throws {
    let queue = DispatchQueue(label: "test")
    let lane = KeyRequestQueue(queue)
    let order = Mutex<[UInt64]>([])
    func ask(_ system: UInt32, _ device: UInt64) -> Bool {
      lane.enqueue(DeviceAddress(system: SystemID(system), device: DeviceID(device)), limit: 3) {
        order.withLock { $0.append(device) }
      }
    }
    queue.suspend()
    #expect(ask(1, 1) && ask(1, 1) && ask(1, 1))
    #expect(!ask(1, 1))
    #expect(ask(1, 2) && ask(2, 3))
    queue.resume()
    for _ in 0..<10 { queue.sync {} }
    #expect(order.withLock { $0 } == [1, 3, 2, 1, 1])
  }

  @Test("A burst beyond every budget is answered in full, in order, over real sockets")
  func nothingIsLost() async throws {
    let fleet = try TestFleet()
    var limits = RelayLimits()
    limits.device.records = Rate(perSecond: 2_000, burst: 10)
    limits.device.lookups = Rate(perSecond: 500, burst: 10)
    limits.device.deposits = Rate(perSecond: 500, burst: 10)
    limits.device.depositsUnderWay = 4
    limits.framesPerTurn = 8
    let server = try fleet.server(limits)
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let sender = try fleet.device(1)
    let recipient = try fleet.device(2)
    let path = fleet.path + "/1.device"
    let flash = sender.flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    let client = try DeviceClient.connect(
      try DeviceStore(opening: path), to: Endpoint(host: "127.0.0.1", port: UInt16(bound.port)), listens: false)
    let body: [UInt8] = [1]
    for index in UInt64(0)..<200 {
      try client.send(.lookup(recipient.address))
      try client.send(.deposit(to: recipient.address, generation: 1, id: MessageID(1 << 48 | index), body.bytes))
    }
    var accepted: [UInt64] = []
    var lookups = 0
    while accepted.count < 200 || lookups < 200, let event = try client.receive(timeout: patience) {
      if case .accepted(let id) = event { accepted.append(id.rawValue) }
      if case .peer = event { lookups += 1 }
    }
    #expect(accepted == (UInt64(0)..<200).map { 1 << 48 | $0 })
    #expect(lookups == 200)
    #expect(server.relay.metrics.closures.withLock { $0 } == [:])
    await server.shutDown()
  }
}
