// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Device
import Foundation
import Keyring
import Records
import Registry
import Schemes
import Strangers
import TestSeed
import Testing
import Wire

@testable import DeviceHost
@testable import Mailbox
@testable import Relay
@testable import RelayServer

@Suite("Suspended sessions")
struct SleeperTests {
  private func quarantine(of device: SleepingDevice, _ fleet: TestFleet) throws -> String? {
    fleet.relay.queue.sync {}
    return try fleet.registry.quarantine(of: device.device.address)
  }

  /// Gives the server a wake-up, and the device the answer.
  private func wake(
    _ sleeper: SleepingDevice, _ fleet: TestFleet, _ frame: [UInt8]
  ) throws -> (answer: WakeAnswer, data: [UInt8]) {
    let answer = try #require(fleet.wake(frame))
    return try #require(sleeper.read(answer))
  }

  @Test("A wake-up of 20 bytes has 43 bytes; its message is stored once, and its answer comes again as it was")
  func wakeUp() throws {
    let fleet = try TestFleet()
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    let other = try fleet.device(2)
    #expect(try sleeper.suspend())
    let remaining = sleeper.session.remaining
    #expect(remaining == 256)
    let number = sleeper.session.nextMessage
    let frame = try sleeper.seal(sleeper.message(Array("on".utf8), to: other.address), [.wantsAnswer, .record])
    let answer = try #require(fleet.wake(frame))
    // The server dies between commit and answer: the repeat has the same one, and stores nothing again.
    try fleet.restartServer()
    #expect(fleet.wake(frame) == answer)
    let read = try #require(sleeper.read(answer))
    #expect(read.answer.flags == [])
    #expect(read.answer.distance == 0)
    // Nothing more to say: it is stored.
    #expect(read.data.isEmpty && answer.count == 24)
    try other.run(in: fleet)
    #expect(other.inbox == [number: Array("on".utf8)])
    #expect(try sleeper.seal([UInt8](repeating: 1, count: 20)).count == 43)
    // Text for an application is refused, by its number, as long as there is none.
    let refused = try wake(sleeper, fleet, sleeper.last!)
    #expect(refused.data == [0x85] + Self.bytes(number.rawValue + 1) + [1])
  }

  @Test("Text reaches the application that is the system's default once, under the wake-up's number")
  func textForAnApplication() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    try sleeper.suspend()
    let number = sleeper.session.nextMessage
    let text = Array("21.5 C".utf8)
    let frame = try sleeper.seal(text)
    let answer = try #require(fleet.wake(frame))
    try fleet.restartServer()
    #expect(fleet.wake(frame) == answer)
    #expect(try #require(sleeper.read(answer)).data.isEmpty)
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(application.got.map(\.id) == [number])
    #expect(application.got.map(\.isOpen) == [true])
    #expect(application.got.map(\.body) == [text])
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
  }

  @Test("What is missing is said, a frame that comes late is taken, and one that is repeated is not")
  func lateFrames() throws {
    let fleet = try TestFleet()
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    try sleeper.suspend()
    let frames = try (0..<6).map { _ in try sleeper.seal() }
    #expect(fleet.wake(frames[0]) != nil)
    #expect(fleet.wake(frames[2]) != nil)
    #expect(fleet.wake(frames[4]) != nil)
    let answer = try wake(sleeper, fleet, frames[5]).answer
    // 1 and 3 are missing: 1 is the first of them, and after it 2, 4 and 5 are here.
    #expect(answer.distance == 5)
    #expect(answer.bitmap == 0b1101)
    #expect(fleet.wake(frames[1]) != nil)
    #expect(fleet.wake(frames[0]) == nil)
    #expect(try quarantine(of: sleeper, fleet) == nil)
  }

  @Test("Forged and unknown wake-ups get silence and change nothing")
  func forgery() throws {
    var generator = SeededGenerator(for: "forged wake-ups")
    let fleet = try TestFleet(inMemory: true)
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    try sleeper.suspend()
    let frame = try sleeper.seal()
    for _ in 0..<300 {
      let forged = generator.mutate(frame)
      #expect(forged == frame || fleet.wake(forged) == nil)
    }
    let answer = fleet.wake(frame)
    #expect(answer != nil)
    #expect(fleet.relay.metrics.wakeUps.value(.accepted) == 1)
  }

  @Test("A session ends with the key, the device, the epoch, the wake-ups and the mailbox, in silence or with a word")
  func ends() throws {
    var limits = RelayLimits()
    limits.wakeUpsPerSession = 20
    let fleet = try TestFleet(limits: limits)
    func sleeper(_ id: UInt64) throws -> SleepingDevice {
      let sleeper = try SleepingDevice(try fleet.device(id), fleet)
      try sleeper.suspend()
      return sleeper
    }
    func flags(_ sleeper: SleepingDevice) throws -> WakeAnswer.Flags? {
      guard let answer = fleet.wake(try sleeper.seal()) else { return nil }
      return sleeper.read(answer)?.answer.flags
    }
    // Wake-ups.
    let worn = try sleeper(1)
    for counter in 0..<20 { #expect(try flags(worn) == (counter >= 4 ? .renew : []), "\(counter)") }
    #expect(throws: SuspensionError.mustRenew) { try worn.seal() }
    try worn.suspend()
    #expect(try flags(worn) == [])
    // A revocation, a quarantine.
    let revoked = try sleeper(2)
    _ = try fleet.registry.revoke(
      revoked.device.address, through: nil, reason: .unspecified, issuer: fleet.authority.issuer)
    #expect(try flags(revoked) == nil)
    #expect(try flags(worn) == .news)
    let quarantined = try sleeper(3)
    try fleet.registry.quarantine(quarantined.device.address, because: "test")
    #expect(try flags(quarantined) == nil)
    // An order, and the rotation that follows it.
    let rotated = try sleeper(4)
    try fleet.registry.order(.rotate, for: rotated.device.address)
    #expect(try flags(rotated) == .renew)
    try rotated.device.run(in: fleet)
    #expect(rotated.device.generation == 2)
    #expect(try flags(rotated) == nil)
    try rotated.session.end(&rotated.flash)
    try rotated.suspend()
    #expect(try flags(rotated) == [])
    // The epoch.
    _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer)
    fleet.look()
    #expect(try flags(rotated) == [.news, .renew])
    // Everything, as accept-restored does it.
    _ = fleet.relay.office.transact { desk throws(MailboxError) in try desk.mail.removeAllSuspended() }
    #expect(try flags(rotated) == nil)
    try rotated.suspend()
    #expect(try flags(rotated) == [])
    #expect(try quarantine(of: rotated, fleet) == nil)
  }

  @Test("A device whose certificate is outdated leaves no message, and is told so")
  func outdated() throws {
    let fleet = try TestFleet(certificateEpochs: 1)
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    let other = try fleet.device(2)
    try sleeper.suspend()
    for _ in 0..<3 { _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer) }
    fleet.look()
    let frame = try sleeper.seal(sleeper.message([1], to: other.address), [.wantsAnswer, .record])
    let read = try wake(sleeper, fleet, frame)
    #expect(read.answer.flags == [.news, .renew])
    #expect(read.data.first == 0x85 && read.data.last == ServerRecord.Refusal.mayOnlyRenew.rawValue)
  }

  @Test("A repeat is not answered with more bytes than it has; a message under another number is refused")
  func repeats() throws {
    let fleet = try TestFleet()
    let sleeper = try SleepingDevice(try fleet.device(1), fleet)
    let other = try fleet.device(2)
    try sleeper.suspend()
    var lookup = [UInt8](repeating: 0, count: 13)
    var span = lookup.mutableBytes
    _ = DeviceRecord.lookup(other.address).encode(into: &span)
    let frame = try sleeper.seal(lookup, [.wantsAnswer, .record])
    let answer = try #require(fleet.wake(frame))
    #expect(answer.count > frame.count)
    #expect(fleet.wake(frame) == nil)
    let said = try #require(sleeper.read(answer)).data
    let record = try ServerRecord(decoding: said.bytes)
    guard case .peer(other.address, .asleep, let certificate) = record else {
      Issue.record("not the peer")
      return
    }
    #expect(certificate == other.identity.certificate)
    let early = sleeper.message([1], to: other.address)
    _ = fleet.wake(try sleeper.seal())
    let late = try sleeper.seal(early, [.wantsAnswer, .record])
    let refused = try wake(sleeper, fleet, late)
    #expect(refused.data.last == ServerRecord.Refusal.impossibleNumber.rawValue)
  }

  // MARK: Clones

  enum Thief: CaseIterable { case wakes, suspends, runsAhead }

  @Test(
    "Whatever a copy of a sleeping device does, it is found by the original's next renewal", arguments: Thief.allCases)
  func clones(thief: Thief) throws {
    var limits = RelayLimits()
    limits.wakeUpsPerSession = 64
    let fleet = try TestFleet(limits: limits, inMemory: true)
    let original = try SleepingDevice(try fleet.device(1), fleet)
    try original.suspend()
    for _ in 0..<5 { _ = original.read(fleet.wake(try original.seal()) ?? []) }
    try original.restart()
    let clone = try original.clone()
    switch thief {
    case .wakes:
      // The same counters, with something else in them.
      for _ in 0..<3 {
        _ = fleet.wake(try clone.seal([1], .wantsAnswer))
        _ = fleet.wake(try original.seal())
      }
    case .suspends:
      try clone.suspend()
      #expect(fleet.wake(try clone.seal()) != nil)
      #expect(fleet.wake(try original.seal()) == nil)
    case .runsAhead:
      for _ in 0..<20 { _ = clone.read(fleet.wake(try clone.seal()) ?? []) }
      #expect(fleet.wake(try original.seal()) == nil)
    }
    if try quarantine(of: original, fleet) == nil {
      #expect(thief != .wakes)
      _ = try? original.suspend()
    }
    #expect(try quarantine(of: original, fleet) != nil)
  }

  @Test("Answers that never came make no clone of a device, whatever was stored")
  func lostAnswers() throws {
    var generator = SeededGenerator(for: "lost answers")
    let fleet = try TestFleet(inMemory: true)
    for id in 1...4 as ClosedRange<UInt64> {
      let sleeper = try SleepingDevice(try fleet.device(id), fleet)
      for _ in 0..<60 {
        fleet.clock.advance(by: 10)
        let arrives = Bool.random(using: &generator)
        try sleeper.suspend(arrives: arrives, isAnswered: arrives && Bool.random(using: &generator))
        if Int.random(in: 0..<3, using: &generator) == 0 { try sleeper.restart() }
        if sleeper.session.isActive, Bool.random(using: &generator) {
          for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard let frame = try? sleeper.seal() else { break }
            _ = fleet.wake(frame)
          }
        }
        #expect(try quarantine(of: sleeper, fleet) == nil)
      }
      try sleeper.suspend()
      #expect(fleet.wake(try sleeper.seal()) != nil)
    }
  }

  // MARK: Simulation

  private struct Flying {
    let frame: [UInt8]
    let device: Int
    let at: Int
  }

  private struct Message: Hashable {
    let sender: DeviceAddress
    let id: MessageID
  }

  @Test("10,000 lossy wake-ups: no false alarm, nobody locked out, no number twice", .timeLimit(.minutes(20)))
  func simulation() throws {
    var generator = SeededGenerator(for: "lossy wake-ups")
    let fleet = try TestFleet(inMemory: true)
    let recipients = try (101...108).map { try fleet.device($0) }
    let reserves: [UInt32] = [1, 2, 4, 8, 8, 8, 3, 5]
    var sleepers: [SleepingDevice] = []
    for (index, reserve) in reserves.enumerated() {
      sleepers.append(try SleepingDevice(try fleet.device(UInt64(index + 1)), fleet, reserve: reserve))
      try sleepers[index].suspend()
    }
    /// Loss of each device's way, and the longest datagram on it.
    let loss = reserves.indices.map { Double($0) * 0.3 / Double(reserves.count - 1) }
    let longest = reserves.indices.map { _ in [51, 64, 128, 1_280].randomElement(using: &generator)! }
    var flying: [Flying] = []
    var hints: [Set<[UInt8]>] = reserves.map { _ in [] }
    var numbers: [Set<MessageID>] = reserves.map { _ in [] }
    var sealed = 0
    var step = 0
    var accepted: Set<Message> = []
    /// What the last wake-up of each device carries.
    var messages: [Message?] = reserves.map { _ in nil }
    var waits = reserves.map { _ in 0 }
    while sealed < 10_000 {
      step += 1
      if step % 8 == 0 { fleet.clock.advance(by: 1) }
      let index = Int.random(in: 0..<sleepers.count, using: &generator)
      let sleeper = sleepers[index]
      if Double.random(in: 0..<1, using: &generator) < 0.01 { try sleeper.restart() }
      var frame: [UInt8]?
      do throws(SuspensionError) {
        guard waits[index] == 0 else { throw .mustRepeat }
        let number = sleeper.session.nextMessage
        var data: [UInt8] = []
        var flags: WakeFrame.Flags = Int.random(in: 0..<4, using: &generator) == 0 ? .oneWay : .wantsAnswer
        if Int.random(in: 0..<10, using: &generator) == 0 {
          let text = [UInt8](repeating: 7, count: min(longest[index] - 44, 40))
          data = sleeper.message(text, to: recipients.randomElement(using: &generator)!.address)
          flags.insert(.record)
        }
        let carries = !data.isEmpty
        if data.isEmpty {
          // As long as its answer.
          data = [0x07]
          flags.insert(.record)
        }
        let new = try sleeper.seal(data, flags)
        sealed += 1
        #expect(new.count <= longest[index])
        #expect(hints[index].insert(Array(new[1...5])).inserted, "a hint twice")
        #expect(numbers[index].insert(number).inserted, "a number twice")
        frame = new
        messages[index] = carries ? Message(sender: sleeper.device.address, id: number) : nil
        if flags.contains(.wantsAnswer) { waits[index] = 6 }
      } catch {
        switch error {
        case .mustRepeat:
          // Repeats the last one as it was, for a while; after a restart it is lost.
          if let last = sleeper.last { frame = last } else { waits[index] = 0 }
          if waits[index] > 0 { waits[index] -= 1 }
          let isStuck = waits[index] == 0 && Int.random(in: 0..<40, using: &generator) == 0
          if isStuck { try renew(sleeper, loss[index], &generator) }
        case .mustRenew, .notSuspended: try renew(sleeper, loss[index], &generator)
        default: throw error
        }
      }
      if let frame {
        let copies = Double.random(in: 0..<1, using: &generator) < 0.1 ? 2 : 1
        for _ in 0..<copies where Double.random(in: 0..<1, using: &generator) >= loss[index] {
          flying.append(
            Flying(frame: frame, device: index, at: step + Int.random(in: 0...12, using: &generator)))
        }
      }
      for arrived in flying.filter({ $0.at <= step }).shuffled(using: &generator) {
        // Through a NAT that forgets: from anywhere.
        let source = SourceAddress(parsing: "192.0.2.\(Int.random(in: 1...200, using: &generator))")!
        guard let answer = fleet.wake(arrived.frame, from: source) else { continue }
        #expect(answer.count <= 51)
        guard Double.random(in: 0..<1, using: &generator) >= loss[arrived.device] else { continue }
        guard let read = sleepers[arrived.device].read(answer) else { continue }
        waits[arrived.device] = 0
        if let message = messages[arrived.device], read.data.isEmpty { accepted.insert(message) }
        if read.answer.flags.contains(.renew) {
          try renew(sleepers[arrived.device], loss[arrived.device], &generator)
        }
      }
      flying.removeAll { $0.at <= step }
      if step % 500 == 0 {
        for sleeper in sleepers { #expect(try quarantine(of: sleeper, fleet) == nil, "a false alarm") }
        fleet.forgetEnded()
      }
    }
    for sleeper in sleepers {
      #expect(try quarantine(of: sleeper, fleet) == nil, "a false alarm")
      fleet.clock.advance(by: 100)
      #expect(try sleeper.suspend(), "locked out")
      #expect(fleet.wake(try sleeper.seal()) != nil, "locked out")
    }
    // What was acknowledged is there. The mailbox has no place for a number of a sender twice.
    let stored = try MailboxFile.messages(in: fleet.path + "/mailbox.sqlite").map {
      Message(sender: $0.sender, id: $0.id)
    }
    #expect(accepted.count > 100)
    #expect(accepted.isSubset(of: stored))
    print("wake-ups sealed: \(sealed), renewals: \(sleepers.map(\.renewals)), messages: \(accepted.count)")
  }

  /// A handshake, until the session is suspended; what is lost on the way is tried again.
  private func renew(_ sleeper: SleepingDevice, _ loss: Double, _ generator: inout SeededGenerator) throws {
    for _ in 0..<40 {
      sleeper.fleet.clock.advance(by: 1)
      let arrives = Double.random(in: 0..<1, using: &generator) >= loss
      let isAnswered = arrives && Double.random(in: 0..<1, using: &generator) >= loss
      if try sleeper.suspend(arrives: arrives, isAnswered: isAnswered) { return }
      if Int.random(in: 0..<4, using: &generator) == 0 { try sleeper.restart() }
    }
    Issue.record("locked out")
  }

  // MARK: Sockets

  @Test(
    "Over real sockets, by the devices' own client, with a key pair and without, by UDP and by TCP",
    arguments: [true, false])
  func sockets(isDatagram: Bool) async throws {
    let fleet = try TestFleet()
    let server = try fleet.server()
    let bound = try await server.listen(host: "127.0.0.1", port: 0)
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(bound.port), isDatagram: isDatagram)
    let path = "\(fleet.path)/1.device"
    let flash = try fleet.device(1).flash
    try DeviceStore.create(path) { identity throws(DeviceError) in try identity.load(flash.bytes) }
    let symmetric = try fleet.symmetricDevice(2, .derivedKey)
    let other = "\(fleet.path)/2.device"
    let memory = try #require(symmetric.flash)
    try SymmetricStore.create(other) { identity throws(DeviceError) in try identity.load(memory.bytes) }
    for (path, address) in [
      (path, symmetric.address), (other, DeviceAddress(system: fleet.alpha, device: DeviceID(1))),
    ] {
      let device = try AnyDevice(opening: path)
      let first = try Sleeper(device)
      #expect(throws: DeviceHostError.suspension(.notSuspended)) { try first.wake(at: endpoint) }
      #expect(try first.suspend(at: endpoint, timeout: patience) == 256)
      let empty = try #require(try first.wake(at: endpoint, timeout: patience))
      #expect(empty.lengths.wakeUp == 24 && empty.lengths.answer == 24)
      // Another process, days later, and the server has been started again meanwhile or not.
      withExtendedLifetime(first) {}
      try await wakeAgain(path, address, endpoint)
    }
    await server.shutDown()
  }

  private func wakeAgain(_ path: String, _ address: DeviceAddress, _ endpoint: Endpoint) async throws {
    let copy = path + "-moved"
    // The lock of the first belongs to this process: the file's name is another's here.
    for suffix in ["", ".sleep"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix) }
    let second = try Sleeper(try AnyDevice(opening: copy))
    #expect(second.remaining == 255)
    let record = DeviceRecord.open(to: address, id: second.nextMessageID, [7].bytes)
    var bytes = [UInt8](repeating: 0, count: record.encodedLength)
    var span = bytes.mutableBytes
    _ = record.encode(into: &span)
    let answer = try #require(try second.wake(bytes, at: endpoint, timeout: patience))
    #expect(answer.record.isEmpty && answer.lengths.answer == 24)
    #expect(try second.wake(at: endpoint, isOneWay: true) == nil)
    #expect(second.remaining == 253)
  }
}
