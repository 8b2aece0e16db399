// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Device
import Records
import Schemes
import TestSeed
import TestSupport
import Testing
import Wire

@Suite("Suspended sessions on the device")
struct SuspendedSessionTests {
  /// Flash memory whose power may fail at one of its writes.
  struct Flash: SuspensionFlash {
    enum Outcome: CaseIterable { case nothing, half, all }

    var bytes = [UInt8](repeating: 0, count: SuspendedSession.areaLength)
    var writes = 0
    /// At which write, and what of it is there afterwards.
    var cut: (at: Int, Outcome)?
    /// Every content.
    var history: [[UInt8]] = []

    mutating func write(_ record: RawSpan, at offset: Int) throws(SuspensionError) {
      #expect(record.byteCount == 64 && offset % 64 == 0)
      let new = [UInt8](copying: record)
      let isCut = cut?.at == writes
      writes += 1
      switch isCut ? cut!.1 : .all {
      case .nothing: break
      case .half: for index in 0..<31 { bytes[offset + index] = new[index] }
      case .all: bytes.replaceSubrange(offset..<offset + 64, with: new)
      }
      history.append(bytes)
      if isCut { throw .notStored }
    }
  }

  /// A device's memory, and the other end's chain.
  private final class World {
    var session = SuspendedSession()
    var flash = Flash()
    let export = SecretBytes<32>.random()
    let later = SecretBytes<32>.random()
    var sealed: [[UInt8]] = []
    var reserve: UInt32

    init(reserve: UInt32) { self.reserve = reserve }

    func load() throws(SuspensionError) {
      let area = flash.bytes
      try session.load(area.bytes, reserve: reserve, &flash)
    }

    func suspend(_ export: borrowing SecretBytes<32>, _ first: UInt64) throws(SuspensionError) -> Suspension {
      let area = flash.bytes
      let said = try session.prepare(
        export: export, firstMessage: MessageID(first), epoch: 1, area: area.bytes, &flash)
      let stored = flash.bytes
      try session.activate(stored.bytes, wakeUps: 256, reserve: 8, &flash)
      return said
    }

    func seal(_ data: [UInt8] = []) throws(SuspensionError) {
      var frame = [UInt8](repeating: 0, count: 64)
      var span = frame.mutableBytes
      let length = try session.seal(.wantsAnswer, data.bytes, into: &span, &flash)
      sealed.append(Array(frame[..<length]))
    }

    /// The server answers the last wake-up.
    func answer(_ chain: borrowing Chain, name: Bytes<8>, at counter: UInt32) throws {
      var copy = Chain(copying: chain)
      var step = ChainStep()
      copy.skip(counter)
      copy.advance(&step)
      var frame = [UInt8](repeating: 0, count: 24)
      var span = frame.mutableBytes
      _ = try WakeAnswer(flags: [], distance: 0, bitmap: 0, epoch: 1)
        .seal(RawSpan(), number: 0, name: name, key: step.answerKey, into: &span)
      _ = try session.open(&span)
    }
  }

  private static func chain(_ export: borrowing SecretBytes<32>) -> Chain {
    var chain = Chain()
    chain.start(export: export)
    return chain
  }

  @Test("A wake-up of 20 bytes has 43, its answer of 27 at most 51, and a session takes at most 128 bytes of memory")
  func sizes() throws {
    let world = World(reserve: 8)
    try world.load()
    _ = try world.suspend(world.export, 5)
    try world.seal([UInt8](repeating: 7, count: 20))
    #expect(world.sealed[0].count == 43)
    #expect(WakeAnswer.overhead + 27 == 51)
    #expect(MemoryLayout<SuspendedSession>.size <= 128)
    #expect(SuspendedSession.areaLength == 256)
  }

  @Test(
    "Wherever the power fails, no counter is used twice, and flash holds no key of a wake-up that was sent",
    arguments: [1, 3, 8])
  func powerCuts(reserve: UInt32) throws {
    /// Suspends, wakes, suspends anew, wakes; answers every wake-up, so that the window never ends it.
    func run(_ world: World) throws {
      try world.load()
      let first = Self.chain(world.export)
      _ = try world.suspend(world.export, 1_000)
      for _ in 0..<20 {
        try world.seal()
        try world.answer(first, name: Chain.name(export: world.export), at: world.session.next - 1)
      }
      let said = try world.suspend(world.later, 2_000)
      #expect(said.active == .init(name: Chain.name(export: world.export), next: 20))
      let second = Self.chain(world.later)
      for _ in 0..<20 {
        try world.seal()
        try world.answer(second, name: Chain.name(export: world.later), at: world.session.next - 1)
      }
    }
    let whole = World(reserve: reserve)
    try run(whole)
    #expect(Set(whole.sealed).count == 40)
    for cut in 0..<whole.flash.writes {
      for outcome in Flash.Outcome.allCases {
        let world = World(reserve: reserve)
        world.flash.cut = (cut, outcome)
        #expect(throws: SuspensionError.notStored) { try run(world) }
        world.session.clear()
        try world.load()
        // Either it serves, or the next session suspends it anew.
        let before = world.sealed.count
        if world.session.isActive {
          for _ in 0..<20 { guard (try? world.seal()) != nil else { break } }
        } else {
          #expect(throws: SuspensionError.notSuspended) { try world.seal() }
          let third = SecretBytes<32>.random()
          _ = try world.suspend(third, 3_000)
          for _ in 0..<20 { guard (try? world.seal()) != nil else { break } }
        }
        #expect(world.sealed.count > before)
        // Hints are of the chain's counters: one twice is a counter twice.
        let hints = world.sealed.map { Array($0[1...5]) }
        #expect(Set(hints).count == hints.count, "cut \(cut) \(outcome)")
        try checkFlash(world, "cut \(cut) \(outcome)")
      }
    }
  }

  /// No content that the flash ever had opens a wake-up that had been sent by then. Told from the last one alone: every earlier key leads
  /// to later ones.
  private func checkFlash(_ world: World, _ comment: Comment) throws {
    for export in [0, 1] {
      var chain = export == 0 ? Self.chain(world.export) : Self.chain(world.later)
      var step = ChainStep()
      var keys: [[UInt8]] = []
      var hints: [UInt64] = []
      for _ in 0..<64 {
        keys.append(chain.withKey { [UInt8](copying: $0.bytes) })
        chain.advance(&step)
        hints.append(step.hint)
      }
      let sent = world.sealed.compactMap { frame in
        hints.firstIndex { $0 == WakeFrame.hint(frame.bytes) }
      }
      guard let last = sent.max() else { continue }
      for start in stride(from: 0, to: world.flash.bytes.count, by: 64) {
        let stored = Array(world.flash.bytes[start + 8..<start + 40])
        if let counter = keys.firstIndex(of: stored) { #expect(counter > last, comment) }
      }
    }
  }

  @Test(
    "Unanswered wake-ups end before the server's window does, also after reboots; the last one is repeated as it was")
  func window() throws {
    let world = World(reserve: 8)
    try world.load()
    _ = try world.suspend(world.export, 1)
    for _ in 0..<16 { try world.seal() }
    #expect(throws: SuspensionError.mustRepeat) { try world.seal() }
    world.session.clear()
    try world.load()
    // A block was given up by each reboot.
    var highest = world.session.next
    while (try? world.seal()) != nil { highest = world.session.next }
    #expect(highest <= Suspension.window)
    for _ in 0..<8 {
      world.session.clear()
      try world.load()
      #expect(throws: SuspensionError.mustRenew) { try world.seal() }
    }
    let isActive = world.session.isActive
    #expect(isActive)
  }

  @Test("A session that the server has not answered is not woken; what the device has is quoted")
  func unanswered() throws {
    let world = World(reserve: 8)
    try world.load()
    _ = try world.suspend(world.export, 1)
    try world.seal()
    let area = world.flash.bytes
    var flash = world.flash
    let second = try world.session.prepare(
      export: world.later, firstMessage: MessageID(300), epoch: 1, area: area.bytes, &flash)
    world.flash = flash
    #expect(second.active == .init(name: Chain.name(export: world.export), next: 1))
    #expect(second.pending == nil)
    #expect(throws: SuspensionError.notSuspended) { try world.seal() }
    world.session.clear()
    try world.load()
    #expect(throws: SuspensionError.notSuspended) { try world.seal() }
    let third = try world.suspend(SecretBytes<32>.random(), 600)
    // Counters that were reserved may have been used.
    #expect(third.active == .init(name: Chain.name(export: world.export), next: 8))
    #expect(third.pending == .init(name: Chain.name(export: world.later), next: 0))
    try world.seal()
    let next = world.session.nextMessage
    #expect(next == MessageID(601))
  }

  /// Flash memory in place.
  private struct PlainFlash: SuspensionFlash {
    var bytes = Bytes<256>()

    mutating func write(_ record: RawSpan, at offset: Int) throws(SuspensionError) {
      var span = bytes.mutableBytes
      copyBytes(record, to: &span, at: offset)
    }
  }

  @Test("Suspending, loading and waking allocate nothing", .enabled(if: Allocations.canBeCounted))
  func allocations() throws {
    let export = SecretBytes<32>.random()
    var session = SuspendedSession()
    var flash = PlainFlash()
    var frame = Bytes<64>()
    func run() throws(SuspensionError) {
      for _ in 0..<2 {
        var area = flash.bytes
        try session.load(area.bytes, &flash)
        _ = try session.prepare(export: export, firstMessage: MessageID(1), epoch: 1, area: area.bytes, &flash)
        area = flash.bytes
        try session.activate(area.bytes, wakeUps: 256, reserve: 8, &flash)
        for _ in 0..<12 {
          var span = frame.mutableBytes
          _ = try session.seal(.wantsAnswer, RawSpan(), into: &span, &flash)
        }
      }
    }
    // At the first use the runtime makes the metadata of generic types; a device has neither.
    try run()
    let count = try Allocations.count { () throws(SuspensionError) in try run() }
    #expect(count == 0)
    session.clear()
  }

  @Test("A forged answer changes nothing, and the answer to another wake-up is none")
  func forgery() throws {
    var generator = SeededGenerator(for: "forged answers")
    let world = World(reserve: 8)
    try world.load()
    _ = try world.suspend(world.export, 1)
    let chain = Self.chain(world.export)
    let name = Chain.name(export: world.export)
    for _ in 0..<3 { try world.seal() }
    #expect(throws: SuspensionError.notAnAnswer) { try world.answer(chain, name: name, at: 1) }
    for _ in 0..<200 {
      var noise = [0x29] + generator.bytes(Int.random(in: 0...60, using: &generator))
      var span = noise.mutableBytes
      do {
        _ = try world.session.open(&span)
        Issue.record("noise was taken for an answer")
      } catch { #expect(error == .notAnAnswer) }
    }
    try world.answer(chain, name: name, at: 2)
  }
}
