// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records
import Schemes
import Wire

/// A session that outlives sleep, on the device: one frame wakes it, without a handshake.
///
/// The stored area has two places of two records each. A session has one place, its records alternate, and the key of a wake-up that was sent
/// is in none of them: a block of counters is reserved by storing the key after it, before the first of them is used. The next session
/// waits in the other place until the server has answered. Whatever was stored last, a power cut at any write leaves a session that
/// works or one that the next handshake replaces, never a counter that is used twice.
public struct SuspendedSession: ~Copyable {
  /// Bytes that are stored.
  public static var areaLength: Int { 4 * SuspensionRecord.length }

  private var name = Bytes<8>()
  private var chain = Chain()
  /// The key of the answers to the last wake-up.
  private var answerKey = SecretBytes<32>()
  private var firstMessage: UInt64 = 0
  /// The counter of the next wake-up.
  private var counter: UInt32 = 0
  /// Counters below this one are reserved.
  private var reserved: UInt32 = 0
  /// The first counter that the server is not known to have.
  private var acknowledged: UInt32 = 0
  private var wakeUps: UInt16 = 0
  private var epoch: Epoch = 0
  private var reserve: UInt8 = 1
  /// The place in use, and which of its two records is the stored one.
  private var place: UInt8 = 0
  private var copy: UInt8 = 0
  private var flags = State()

  /// Not an option set, which would bring arrays.
  private struct State {
    var rawValue: UInt8 = 0

    func contains(_ other: State) -> Bool { rawValue & other.rawValue == other.rawValue }
    mutating func insert(_ other: State) { rawValue |= other.rawValue }
    mutating func remove(_ other: State) { rawValue &= ~other.rawValue }

    /// There is a session that the server has answered.
    static var isActive: State { State(rawValue: 1) }
    /// The other place holds one that it has not answered.
    static var hasPending: State { State(rawValue: 2) }
    /// A wake-up was sealed since this was loaded: it can be repeated, and its answer read.
    static var hasSealed: State { State(rawValue: 4) }
    /// Nothing was acknowledged since this was loaded.
    static var isFresh: State { State(rawValue: 8) }
  }

  /// A place for a session.
  public init() {}

  /// Overwrites the keys; what is stored stays.
  public mutating func clear() {
    chain.wipe()
    answerKey.wipe()
    flags = State()
    counter = 0
    reserved = 0
    acknowledged = 0
  }

  /// Whether there is a session that can be woken.
  public var isActive: Bool { flags.contains(.isActive) && !flags.contains(.hasPending) }

  /// The counter of the next wake-up.
  public var next: UInt32 { counter }

  /// How many more wake-ups there may be.
  public var remaining: Int { isActive ? Int(wakeUps) - Int(counter) : 0 }

  /// The message number of the next wake-up.
  public var nextMessage: MessageID { MessageID(firstMessage &+ UInt64(counter)) }

  // MARK: Loading

  /// Loads what is stored, and finishes what a power cut interrupted.
  ///
  /// - Parameters:
  ///   - area: ``areaLength`` bytes.
  ///   - reserve: how many counters to reserve with one store: 1 where memory is lost between two wake-ups, at most 8.
  public mutating func load<Flash: SuspensionFlash & ~Copyable>(
    _ area: RawSpan, reserve: UInt32 = Suspension.maximumReserve, _ flash: inout Flash
  ) throws(SuspensionError) {
    clear()
    self.reserve = UInt8(min(max(reserve, 1), Suspension.maximumReserve))
    var first = SuspensionRecord()
    var second = SuspensionRecord()
    defer {
      first.wipe()
      second.wipe()
    }
    let firstCopy = try find(0, area, &first, &flash)
    let secondCopy = try find(1, area, &second, &flash)
    switch (firstCopy, secondCopy) {
    case (nil, nil): return
    case (let copy?, nil): take(first, 0, copy)
    case (nil, let copy?): take(second, 1, copy)
    case (let copy?, let other?):
      if first.isPending != second.isPending {
        if first.isPending { take(second, 1, other) } else { take(first, 0, copy) }
        flags.insert(.hasPending)
      } else if first.firstMessage > second.firstMessage {
        // The power failed when the later one had been answered, before the earlier one was erased.
        try erase(1, other, &flash)
        take(first, 0, copy)
      } else {
        try erase(0, copy, &flash)
        take(second, 1, other)
      }
    }
  }

  /// Which of a place's records is the stored one; the other one is erased if it is still there.
  private func find<Flash: SuspensionFlash & ~Copyable>(
    _ place: Int, _ area: RawSpan, _ record: inout SuspensionRecord, _ flash: inout Flash
  ) throws(SuspensionError) -> UInt8? {
    var other = SuspensionRecord()
    defer { other.wipe() }
    let start = place * 2 * SuspensionRecord.length
    let hasFirst = record.load(area.extracting(start..<start + SuspensionRecord.length))
    let hasSecond = other.load(area.extracting(start + SuspensionRecord.length..<start + 2 * SuspensionRecord.length))
    guard hasFirst, hasSecond else {
      if hasSecond {
        _ = record.load(area.extracting(start + SuspensionRecord.length..<start + 2 * SuspensionRecord.length))
      }
      return hasFirst ? 0 : hasSecond ? 1 : nil
    }
    // The later one is that of the higher counter, or the one that the server has answered.
    let isFirst =
      record.counter != other.counter ? record.counter > other.counter : !record.isPending && other.isPending
    if !isFirst {
      _ = record.load(area.extracting(start + SuspensionRecord.length..<start + 2 * SuspensionRecord.length))
    }
    try erase(place, isFirst ? 1 : 0, &flash)
    return isFirst ? 0 : 1
  }

  private mutating func take(_ record: borrowing SuspensionRecord, _ place: UInt8, _ copy: UInt8) {
    name = record.name
    chain.copy(from: record.chain)
    counter = record.counter
    reserved = record.counter
    acknowledged = record.acknowledged
    firstMessage = record.firstMessage
    wakeUps = record.wakeUps
    epoch = record.epoch
    self.place = place
    self.copy = copy
    flags = record.isPending ? .hasPending : .isActive
    if !record.isPending { flags.insert(.isFresh) }
  }

  // MARK: Suspending

  /// Stores the session to come, whose name and chain follow from what the present session exports, and returns what to say to the server
  /// in ``DeviceRecord/suspend(_:)``. It serves once ``activate(wakeUps:reserve:_:)`` was called with the server's answer.
  ///
  /// - Parameters:
  ///   - firstMessage: the first of ``Suspension/maximumWakeUps`` message numbers that the caller has reserved and stored.
  ///   - epoch: the fleet's, as the device knows it.
  ///   - area: the stored area as it is now.
  public mutating func prepare<Flash: SuspensionFlash & ~Copyable>(
    export: borrowing SecretBytes<32>, firstMessage: MessageID, epoch: Epoch, area: RawSpan, _ flash: inout Flash
  ) throws(SuspensionError) -> Suspension {
    var said = Suspension(firstMessage: firstMessage)
    if flags.contains(.isActive) { said.active = .init(name: name, next: counter) }
    let target: UInt8 = flags.contains(.isActive) ? 1 - place : flags.contains(.hasPending) ? place : 0
    if flags.contains(.hasPending) {
      var earlier = SuspensionRecord()
      for copy in 0..<2 {
        let start = (2 * Int(target) + copy) * SuspensionRecord.length
        if earlier.load(area.extracting(start..<start + SuspensionRecord.length)) {
          said.pending = .init(name: earlier.name, next: earlier.counter)
        }
      }
      earlier.wipe()
    }
    var record = SuspensionRecord()
    defer { record.wipe() }
    record.name = Chain.name(export: export)
    record.chain.start(export: export)
    record.firstMessage = firstMessage.rawValue
    record.wakeUps = UInt16(Suspension.maximumWakeUps)
    record.isPending = true
    record.epoch = epoch
    // Nothing of an earlier attempt stays in its place.
    try erase(Int(target), 1, &flash)
    try store(record, target, 0, &flash)
    if !flags.contains(.isActive) { place = target }
    flags.insert(.hasPending)
    return said
  }

  /// The server has suspended the session that was prepared last: it is the one in use from here on, and the one before it is erased.
  ///
  /// - Parameters:
  ///   - area: the stored area as it is now.
  ///   - wakeUps: how many the server allows, at most ``Suspension/maximumWakeUps``.
  ///   - reserve: how many counters the server lets a device reserve.
  public mutating func activate<Flash: SuspensionFlash & ~Copyable>(
    _ area: RawSpan, wakeUps: Int, reserve: UInt32, _ flash: inout Flash
  ) throws(SuspensionError) {
    guard flags.contains(.hasPending) else { throw .notSuspended }
    let target = flags.contains(.isActive) ? 1 - place : place
    let before = flags.contains(.isActive) ? place : nil
    let oldCopy = copy
    var record = SuspensionRecord()
    defer { record.wipe() }
    let start = 2 * Int(target) * SuspensionRecord.length
    guard record.load(area.extracting(start..<start + SuspensionRecord.length)), wakeUps > 0 else {
      throw .notSuspended
    }
    record.isPending = false
    record.wakeUps = UInt16(min(wakeUps, Suspension.maximumWakeUps))
    try store(record, target, 1, &flash)
    try erase(Int(target), 0, &flash)
    if let before { try erase(Int(before), oldCopy, &flash) }
    self.reserve = UInt8(min(UInt32(self.reserve), max(reserve, 1)))
    answerKey.wipe()
    take(record, target, 1)
    flags.remove(.isFresh)
  }

  /// Ends the session and erases what is stored of it, as when the key was changed.
  public mutating func end<Flash: SuspensionFlash & ~Copyable>(_ flash: inout Flash) throws(SuspensionError) {
    for place in 0..<2 { for copy in 0..<2 { try erase(place, UInt8(copy), &flash) } }
    clear()
  }

  // MARK: Waking up

  /// Writes the next wake-up and returns its length. Keep it until it is answered: it is repeated as it is.
  ///
  /// - Throws: ``SuspensionError``: most of them mean that the device opens a session and suspends it anew.
  public mutating func seal<Flash: SuspensionFlash & ~Copyable>(
    _ flags: WakeFrame.Flags, _ data: RawSpan, into frame: inout MutableRawSpan, _ flash: inout Flash
  ) throws(SuspensionError) -> Int {
    guard isActive else { throw .notSuspended }
    guard counter < UInt32(wakeUps) else { throw .mustRenew }
    // So that the server's window is not left, not even when the power fails before the next block.
    let reserve = UInt32(self.reserve)
    let room = Suspension.window - (self.flags.contains(.isFresh) ? reserve : 2 * reserve)
    guard counter - acknowledged < room else { throw self.flags.contains(.hasSealed) ? .mustRepeat : .mustRenew }
    let needed = WakeFrame.overhead + data.byteCount
    guard frame.byteCount >= needed else { throw .bufferTooSmall(needed: needed) }
    if counter == reserved { try reserveBlock(&flash) }
    var step = ChainStep()
    defer { step.wipe() }
    chain.advance(&step)
    counter += 1
    answerKey.copy(from: step.answerKey)
    self.flags.insert(.hasSealed)
    do { return try WakeFrame.seal(flags, data, name: name, step: step, into: &frame) } catch {
      throw .bufferTooSmall(needed: needed)
    }
  }

  /// Stores the key after the next block of counters, and erases the record before.
  private mutating func reserveBlock<Flash: SuspensionFlash & ~Copyable>(
    _ flash: inout Flash
  ) throws(SuspensionError) {
    var record = SuspensionRecord()
    defer { record.wipe() }
    record.name = name
    record.chain.copy(from: chain)
    record.chain.skip(UInt32(reserve))
    record.counter = reserved + UInt32(reserve)
    record.acknowledged = acknowledged
    record.firstMessage = firstMessage
    record.wakeUps = wakeUps
    record.epoch = epoch
    try store(record, place, 1 - copy, &flash)
    // From here on the block is reserved, even if erasing the record before fails.
    copy = 1 - copy
    reserved += UInt32(reserve)
    do { try erase(Int(place), 1 - copy, &flash) } catch {
      // Then its key must not be used: the block is given up.
      chain.skip(UInt32(reserve))
      counter = reserved
      throw error
    }
  }

  /// Verifies an answer to the last wake-up, in place, and returns it with where its data is in the frame. A wrong one changes nothing.
  ///
  /// - Throws: ``SuspensionError/notAnAnswer``.
  public mutating func open(
    _ frame: inout MutableRawSpan
  ) throws(SuspensionError) -> (answer: WakeAnswer, data: Range<Int>) {
    guard flags.contains(.hasSealed) else { throw .notAnAnswer }
    let opened: (answer: WakeAnswer, data: Range<Int>)
    do { opened = try WakeAnswer.open(&frame, name: name, key: answerKey.bytes) } catch { throw .notAnAnswer }
    acknowledged = counter
    flags.remove(.isFresh)
    return opened
  }

  // MARK: Storing

  private func store<Flash: SuspensionFlash & ~Copyable>(
    _ record: borrowing SuspensionRecord, _ place: UInt8, _ copy: UInt8, _ flash: inout Flash
  ) throws(SuspensionError) {
    var bytes = SecretBytes<64>()
    defer { bytes.wipe() }
    var span = bytes.mutableBytes
    record.encode(into: &span)
    try flash.write(bytes.bytes, at: (2 * Int(place) + Int(copy)) * SuspensionRecord.length)
  }

  private func erase<Flash: SuspensionFlash & ~Copyable>(
    _ place: Int, _ copy: UInt8, _ flash: inout Flash
  ) throws(SuspensionError) {
    let zeros = Bytes<64>()
    try flash.write(zeros.bytes, at: (2 * place + Int(copy)) * SuspensionRecord.length)
  }
}
