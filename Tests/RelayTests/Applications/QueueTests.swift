// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import GRDB
import Records
import Testing
import Wire

@testable import Mailbox
@testable import Relay

/// What is acknowledged is stored, and goes to the application's instances in order, at least once.
@Suite("The queue of an application")
struct QueueTests {
  private func bodies(_ application: SimulatedDevice) -> [[UInt8]] { application.got.map(\.body) }

  /// Between each pair of stored, leased and done the server dies.
  @Test("What is accepted is on the disk, whenever the server dies; what is done does not come again")
  func killedBetweenEachPair() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    let first = try device.report([1], to: application.address, in: fleet)
    #expect(first.answer == "accepted")
    try fleet.restartServer()
    // Stored: an instance gets the opening and the message.
    try application.join(fleet)
    #expect(application.got.isEmpty)
    try application.take(in: fleet)
    #expect(
      application.heard.filter { $0.hasPrefix("opening") || $0.hasPrefix("report") } == [
        "opening-1-180", "report-1-1-1",
      ])
    try fleet.restartServer()
    // Leased, not done: again, as the lease ended with the server.
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(bodies(application) == [[1]])
    try application.finish([application.got[0].sequence], in: fleet)
    try fleet.restartServer()
    // Done.
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(bodies(application).isEmpty)
    // A message whose receipt was lost is accepted again, and not delivered again.
    try device.join(fleet)
    #expect(try device.report([1], to: application.address, id: first.id, in: fleet).answer == "accepted")
    try application.pump(fleet)
    #expect(bodies(application).isEmpty)
    #expect(fleet.relay.metrics.reports.value(.repeated) == 1)
    #expect(try device.report([2], to: application.address, in: fleet).answer == "accepted")
    try application.pump(fleet)
    #expect(bodies(application) == [[2]])
  }

  @Test("A message that the disk does not take is refused, and nothing is lost")
  func failingDisk() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    try device.report([1], to: application.address, in: fleet)
    try fleet.mailbox.using { try $0.execute(sql: "PRAGMA max_page_count = 1") }
    let large = [UInt8](repeating: 7, count: 60_000)
    let refused = try device.report(large, to: application.address, in: fleet)
    #expect(refused.answer == "refused-unavailable")
    try device.openChannel(to: application.address, 8, in: fleet)
    try fleet.mailbox.using { try $0.execute(sql: "PRAGMA max_page_count = 1073741823") }
    #expect(try device.report(large, to: application.address, id: refused.id, in: fleet).answer == "accepted")
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(bodies(application) == [[1], large])
  }

  @Test("Each device's messages go to one instance, in order; the devices are shared out")
  func order() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let other = try application.instance()
    let devices = try (1...4).map { try fleet.device(UInt64($0)) }
    for device in devices {
      try device.join(fleet)
      try device.openChannel(to: application.address, device.address.device.rawValue, in: fleet)
      for text in 1...5 as ClosedRange<UInt8> {
        try device.report([text], to: application.address, over: device.address.device.rawValue, in: fleet)
      }
    }
    try application.join(fleet)
    try other.join(fleet)
    #expect(application.connection?.isOpen == true)
    try application.take(300, in: fleet)
    try other.take(in: fleet)
    for _ in 0..<20 {
      for instance in [application, other] {
        try instance.finish(instance.got.map(\.sequence), in: fleet)
        try instance.take(300, in: fleet)
      }
    }
    for device in 1...4 as ClosedRange<UInt64> {
      let mine = application.got.filter { $0.device == device }.map(\.sequence)
      let others = other.got.filter { $0.device == device }.map(\.sequence)
      #expect(mine == mine.sorted() && others == others.sorted())
      #expect(mine.count + others.count == 5 && Set(mine + others).count == 5)
    }
    #expect(!application.got.isEmpty && !other.got.isEmpty)
    #expect(fleet.relay.metrics.queued.value == 0 && fleet.relay.metrics.leased.value == 0)
  }

  @Test("An instance gets no more than it is ready for")
  func credit() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    for text in 1...5 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    try application.join(fleet)
    try application.pump(fleet)
    #expect(application.got.isEmpty)
    // The opening has 203 bytes, each message 48.
    try application.take(204, in: fleet)
    #expect(bodies(application) == [[1]])
    try application.take(48 + 47, in: fleet)
    #expect(bodies(application) == [[1], [2]])
    try application.take(48, in: fleet)
    #expect(bodies(application) == [[1], [2], [3]])
    try application.take(in: fleet)
    #expect(bodies(application) == [[1], [2], [3], [4], [5]])
  }

  @Test("What an instance leaves behind goes to another, in order, as tried before")
  func sessionEnds() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let other = try application.instance()
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    for text in 1...4 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(application.got.count == 4)
    try application.finish([application.got[0].sequence], in: fleet)
    try other.join(fleet)
    try other.take(in: fleet)
    #expect(other.got.isEmpty)
    application.disconnect()
    try other.pump(fleet)
    #expect(bodies(other) == [[2], [3], [4]])
    #expect(other.got.map(\.attempt) == [2, 2, 2])
    #expect(other.heard.contains("opening-1-180"))
  }

  @Test("An instance that stalls loses its leases after 60 seconds; what it does after that counts all the same")
  func stalls() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let other = try application.instance()
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    for text in 1...2 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    try application.join(fleet)
    // Ready for these two and no more.
    try application.take(203 + 48 + 1, in: fleet)
    try other.join(fleet)
    try other.take(in: fleet)
    #expect(application.got.count == 2)
    fleet.tick(59)
    try other.pump(fleet)
    #expect(other.got.isEmpty)
    fleet.tick(1)
    try other.pump(fleet)
    #expect(bodies(other) == [[1], [2]] && other.got.map(\.attempt) == [2, 2])
    try application.finish(application.got.map(\.sequence), in: fleet)
    other.disconnect()
    fleet.settle()
    try application.take(in: fleet)
    #expect(application.got.count == 2)
    #expect(fleet.relay.metrics.queued.value == 0)
  }

  @Test("A message that nobody gets done is a dead letter after five times; its owner lets it wait again, or drops it")
  func deadLetters() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    for text in 1...2 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    try application.join(fleet)
    try application.take(in: fleet)
    let (first, second) = (application.got[0].sequence, application.got[1].sequence)
    for _ in 0..<5 { try application.say(.queue(.release(first, isDead: false)), in: fleet) }
    #expect(application.got.filter { $0.sequence == first }.map(\.attempt) == [1, 2, 3, 4, 5])
    try application.say(.queue(.release(second, isDead: true)), in: fleet)
    #expect(fleet.relay.metrics.deadLetters.value == 2 && fleet.relay.metrics.queued.value == 0)
    let owner = try SQLiteMailbox(path: fleet.path + "/mailbox.sqlite", limits: fleet.limits.mailbox)
    let letters = try owner.deadLetters(of: application.address, after: 0, limit: 10)
    #expect(letters.map(\.sequence) == [Int64(first), Int64(second)] && letters.map(\.attempts) == [5, 1])
    #expect(try owner.dropDeadLetters(of: application.address, Int64(second)) == 1)
    #expect(try owner.requeueDeadLetters(of: application.address, nil) == 1)
    let before = application.got.count
    fleet.tick()
    try application.pump(fleet)
    #expect(application.got.dropFirst(before).map(\.attempt) == [1])
    #expect(fleet.relay.metrics.deadLetters.value == 0)
  }

  /// Sessions that end often make no dead letters of messages that were merely on their way.
  @Test("Only the oldest message of a session that ends counts as tried towards the dead letters")
  func bystanders() throws {
    let fleet = try TestFleet()
    let application = try fleet.application(0xA1)
    let device = try fleet.device(1)
    try device.join(fleet)
    try device.openChannel(to: application.address, 7, in: fleet)
    for text in 1...2 as ClosedRange<UInt8> { try device.report([text], to: application.address, in: fleet) }
    for _ in 0..<5 {
      try application.join(fleet)
      try application.take(in: fleet)
      application.disconnect()
      fleet.settle()
    }
    #expect(fleet.relay.metrics.deadLetters.value == 1)
    try application.join(fleet)
    try application.take(in: fleet)
    #expect(bodies(application) == [[2]] && application.got[0].attempt == 6)
  }

  @Test("A full queue says later; one sender gets half; what is done makes room")
  func fullQueue() throws {
    var limits = RelayLimits()
    limits.mailbox.queue.bytesPerApplication = 8 * 512
    let fleet = try TestFleet(limits: limits)
    let application = try fleet.application(0xA1)
    let devices = try (1...2).map { try fleet.device(UInt64($0)) }
    for device in devices {
      try device.join(fleet)
      try device.openChannel(to: application.address, 7, in: fleet)
    }
    let answers = try (0..<5).map { _ in try devices[0].report([1], to: application.address, in: fleet).answer }
    #expect(answers.dropLast() == ["accepted", "accepted", "accepted", "accepted"])
    #expect(answers.last??.hasPrefix("later-") == true)
    #expect(try devices[1].report([2], to: application.address, in: fleet).answer == "accepted")
    try application.join(fleet)
    try application.take(in: fleet)
    try application.finish(application.got.map(\.sequence), in: fleet)
    #expect(try devices[0].report([3], to: application.address, in: fleet).answer == "accepted")
    // One that knows no `later` is refused.
    let old = try fleet.device(3)
    try old.run(in: fleet)
    for _ in 0..<5 {
      try old.say(.open(to: application.address, id: try old.identity.nextMessageID(), RawSpan()), in: fleet)
    }
    #expect(old.heard.last == "refused-quotaExceeded")
  }

  @Test("A device with a long backlog holds up nobody else's messages")
  func backlog() throws {
    var limits = RelayLimits()
    limits.mailbox.queue.messagesAtHandPerDevice = 4
    limits.mailbox.queue.messagesAtHand = 16
    let fleet = try TestFleet(limits: limits)
    let application = try fleet.application(0xA1)
    let (busy, quiet) = (try fleet.device(1), try fleet.device(2))
    for device in [busy, quiet] {
      try device.join(fleet)
      try device.openChannel(to: application.address, 7, in: fleet)
    }
    for text in 0..<40 as Range<UInt8> { try busy.report([text], to: application.address, in: fleet) }
    try quiet.report([99], to: application.address, in: fleet)
    try application.join(fleet)
    let other = try application.instance()
    try other.join(fleet)
    // One has the busy device and no credit left; the other gets the quiet one's message.
    try application.take(1, in: fleet)
    try other.take(in: fleet)
    #expect(application.got.isEmpty || other.got.map(\.body).contains([99]))
    for _ in 0..<60 {
      for instance in [application, other] {
        try instance.finish(instance.got.map(\.sequence), in: fleet)
        try instance.take(in: fleet)
      }
    }
    let all = (application.got + other.got).filter { $0.device == 1 }.sorted { $0.sequence < $1.sequence }
    #expect(all.map(\.body) == (0..<40 as Range<UInt8>).map { [$0] })
  }
}
