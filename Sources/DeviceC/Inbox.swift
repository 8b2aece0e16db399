// SPDX-License-Identifier: Apache-2.0

import CCountersign
import CountersignCrypto
import Wire

/// Which messages of each sender the application has had, in bytes that are their own stored form.
///
/// Magic `CSIB`, version (1), three zeros, checksum (16: SHA-256 of the rest), then places of 40 bytes: system (4), device (8), generation
/// (2), flags (1), zero (1), one more than the highest counter (8), which of the 128 counters below that were seen (16). A place whose
/// generation is 0 is free. A sender has two places at most: the counters of its latest two generations are told apart.
struct Inbox: ~Copyable, ~Escapable {
  static let headerLength = 24
  static let placeLength = 40
  private static let magic: UInt32 = 0x4353_4942
  private static let checksumLength = 16

  private var bytes: MutableRawSpan
  let placeCount: Int

  @_lifetime(copy bytes)
  init(_ bytes: consuming MutableRawSpan) {
    // A small processor has no division.
    var count = 0
    while Self.headerLength + (count + 1) * Self.placeLength <= bytes.byteCount { count += 1 }
    placeCount = count
    self.bytes = bytes
  }

  /// Whether these are an inbox's bytes, by their first.
  var isOne: Bool {
    guard placeCount > 0 else { return false }
    return UInt32(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)) == Self.magic
      && bytes.bytes.unsafeLoad(fromByteOffset: 4, as: UInt8.self) == 1
  }

  /// Whether nothing was lost in storage.
  var isWhole: Bool {
    guard isOne else { return false }
    let digest = digest()
    return constantTimeEquals(
      digest.bytes.extracting(0..<Self.checksumLength), bytes.bytes.extracting(8..<8 + Self.checksumLength))
  }

  mutating func makeEmpty() {
    for offset in 0..<bytes.byteCount { bytes.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self) }
    bytes.storeBytes(of: Self.magic.bigEndian, toByteOffset: 0, as: UInt32.self)
    bytes.storeBytes(of: 1, toByteOffset: 4, as: UInt8.self)
    seal()
  }

  private mutating func seal() {
    let digest = digest()
    copyBytes(digest.bytes.extracting(0..<Self.checksumLength), to: &bytes, at: 8)
  }

  private func digest() -> Bytes<32> {
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    Hash.SHA256.hash(bytes.bytes.extracting(Self.headerLength...), into: &target)
    return digest
  }

  private subscript(_ index: Int) -> Place {
    get {
      let offset = Self.headerLength + index * Self.placeLength
      return Place(
        system: UInt32(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)),
        device: load(offset + 4),
        generation: UInt16(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset + 12, as: UInt16.self)),
        forgotEarlier: bytes.bytes.unsafeLoad(fromByteOffset: offset + 14, as: UInt8.self) != 0,
        next: load(offset + 16), seen: (load(offset + 24), load(offset + 32)))
    }
    set {
      let offset = Self.headerLength + index * Self.placeLength
      bytes.storeBytes(of: newValue.system.bigEndian, toByteOffset: offset, as: UInt32.self)
      bytes.storeBytes(of: newValue.device.bigEndian, toByteOffset: offset + 4, as: UInt64.self)
      bytes.storeBytes(of: newValue.generation.bigEndian, toByteOffset: offset + 12, as: UInt16.self)
      bytes.storeBytes(of: newValue.forgotEarlier ? 1 : 0, toByteOffset: offset + 14, as: UInt8.self)
      bytes.storeBytes(of: newValue.next.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
      bytes.storeBytes(of: newValue.seen.0.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
      bytes.storeBytes(of: newValue.seen.1.bigEndian, toByteOffset: offset + 32, as: UInt64.self)
    }
  }

  private func load(_ offset: Int) -> UInt64 {
    UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// What is known of a message of `sender`.
  func judge(_ id: MessageID, from sender: DeviceAddress) -> countersign_result {
    let places = places(of: sender)
    if let index = places.index(of: id.generation) { return self[index].judge(id.counter) }
    guard let earliest = places.earliest else {
      return free == nil ? countersign_result(COUNTERSIGN_INBOX_FULL) : ok()
    }
    let first = self[earliest]
    // Which messages of a generation that was forgotten it has had, nobody can tell.
    if first.forgotEarlier, id.generation < first.generation { return countersign_result(COUNTERSIGN_TOO_OLD) }
    if places.latest == nil, free != nil { return ok() }
    // It takes the earliest one's place, or gets none.
    return id.generation > first.generation ? ok() : countersign_result(COUNTERSIGN_TOO_OLD)
  }

  /// Notes a message that ``judge(_:from:)`` found new.
  mutating func remember(_ id: MessageID, from sender: DeviceAddress) {
    let places = places(of: sender)
    if let index = places.index(of: id.generation) {
      self[index].accept(id.counter)
    } else {
      var new = Place(sender, id.generation)
      new.accept(id.counter)
      if places.latest == nil, let free {
        self[free] = new
      } else if let earliest = places.earliest {
        new.forgotEarlier = true
        self[earliest] = new
        if let latest = places.latest { self[latest].forgotEarlier = true }
      }
    }
    seal()
  }

  /// Empties a sender's places.
  mutating func forget(_ sender: DeviceAddress) {
    for index in 0..<placeCount where self[index].isOf(sender) { self[index] = Place() }
    seal()
  }

  private var free: Int? {
    for index in 0..<placeCount where self[index].generation == 0 { return index }
    return nil
  }

  private func places(of sender: DeviceAddress) -> Places {
    var places = Places()
    for index in 0..<placeCount where self[index].isOf(sender) { places.add(index, self[index].generation) }
    return places
  }
}

/// The places of one sender.
private struct Places {
  private(set) var earliest: Int?
  /// Where there are two.
  private(set) var latest: Int?
  private var generations: (Generation, Generation) = (0, 0)

  mutating func add(_ index: Int, _ generation: Generation) {
    guard let first = earliest else {
      earliest = index
      generations.0 = generation
      return
    }
    if generation > generations.0 {
      latest = index
      generations.1 = generation
    } else {
      latest = first
      generations.1 = generations.0
      earliest = index
      generations.0 = generation
    }
  }

  func index(of generation: Generation) -> Int? {
    if earliest != nil, generations.0 == generation { return earliest }
    if latest != nil, generations.1 == generation { return latest }
    return nil
  }
}
