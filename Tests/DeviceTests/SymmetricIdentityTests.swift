// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@Suite("A device without a key pair")
struct SymmetricIdentityTests {
  let example = try! WorkedExample()

  /// An identity in a place that does not move.
  final class Place {
    var identity = SymmetricIdentity()

    var scheme: SchemeID { identity.scheme }
    var generation: Generation { identity.generation }
    var epoch: Epoch { identity.epoch }
    var isDirty: Bool { identity.isDirty }
    var counter: UInt32 { identity.slotA.counter }
    var first: SlotName? { identity.slotForSession() }
    var fallback: SlotName? { identity.slotForSession(fallingBack: true) }

    func load(_ file: [UInt8]) throws(DeviceError) { try identity.load(file.bytes) }

    var file: [UInt8] {
      var bytes = [UInt8](repeating: 0xEE, count: SymmetricIdentity.encodedLength)
      var span = bytes.mutableBytes
      identity.encode(into: &span)
      return bytes
    }

    func give(_ scheme: SchemeID, _ generation: Generation, _ body: [UInt8]) throws(DeviceError)
      -> SymmetricIdentity.Order
    {
      try identity.receive(.key(scheme: scheme, generation: generation, body.bytes), over: .a)
    }
  }

  @Test("The worked file is one that loads, and is written again as it stands")
  func worked() throws {
    let place = Place()
    let file = try example.symmetricFile()
    try place.load(file)
    let address = place.identity.address
    #expect(address == example.alice.address && place.epoch == 20)
    #expect(place.scheme == .derivedKey && place.generation == 1)
    #expect(place.file == file)
    let other = try example.deviceFile()
    let areFiles = (SymmetricIdentity.isFile(file.bytes), SymmetricIdentity.isFile(other.bytes))
    #expect(areFiles == (true, false))
  }

  @Test("The worked hello is one that the server reads, under its counter and nobody else's key")
  func hello() throws {
    let frame = try example.symmetricHello(.derivedKey)
    var responder = SymmetricResponder<Hash.SHA256>()
    let claim = try responder.readHello(frame.bytes)
    #expect(claim.counter == 6)
    let key = try SecretBytes<32>(copying: WorkedExample.symmetricKey)
    try responder.verify(claim, key: key, lastCounter: 5)
    #expect(throws: SchemesError.staleCounter) { try responder.verify(claim, key: key, lastCounter: 6) }
  }

  @Test("Any other bytes are refused without a trap, and leave nothing")
  func badFiles() throws {
    let file = try example.symmetricFile()
    let place = Place()
    for length in 0..<file.count {
      #expect(throws: DeviceError.self) { try place.load(Array(file[..<length])) }
    }
    for index in file.indices {
      var altered = file
      altered[index] ^= 0x11
      #expect(throws: DeviceError.self) { try place.load(altered) }
    }
    #expect(place.first == nil)
    var later = file
    later[4] = 2
    #expect(throws: DeviceError.unknownFileVersion(2)) { try place.load(later) }
    // A whole file that no step of a life leaves: no key in use, two in one state, a scheme with a key pair.
    for change: (inout [UInt8]) -> Void in [
      { $0[32] = 0 }, { $0[32] = 2 },
      {
        $0[104] = 1; $0[105] = 2; $0[107] = 2
      }, { $0[33] = 6 }, { $0[33] = 99 },
      { $0[35] = 0 }, { $0[5] = 1 },
    ] {
      var altered = Array(file.dropLast(32))
      change(&altered)
      var digest = [UInt8](repeating: 0, count: 32)
      var span = digest.mutableBytes
      Hash.SHA256.hash(altered.bytes, into: &span)
      #expect(throws: DeviceError.corruptFile) { try place.load(altered + digest) }
    }
  }

  @Test("A key that is given takes over once it has been used, and never a lower generation")
  func rotation() throws {
    let place = Place()
    try place.load(try example.symmetricFile())
    let key = [UInt8](repeating: 1, count: 32)
    #expect(try place.give(.derivedKey, 1, key) == .none)
    #expect(throws: DeviceError.subjectMismatch) { try place.give(.derivedKey, 0, key) }
    #expect(throws: DeviceError.subjectMismatch) { try place.give(.certified, 2, key) }
    #expect(throws: DeviceError.malformedRecord) { try place.give(.derivedKey, 2, Array(key.dropLast())) }
    #expect(throws: DeviceError.malformedRecord) { try place.give(.derivedKeyRatchet, 2, key) }
    #expect(try place.give(.derivedKey, 2, key) == .reconnect)
    #expect(place.isDirty && place.generation == 1)
    #expect(place.first == .b && place.fallback == .a)
    // Given again: a registry that was restored may have drawn another.
    #expect(try place.give(.derivedKeyRatchet, 2, key + key) == .reconnect)
    try place.load(place.file)
    let welcome = ServerRecord.welcome(session: 1, mayOnlyRenew: false, try example.authority.epoch(21))
    _ = try place.identity.receive(welcome, over: .a)
    #expect(place.generation == 1 && place.epoch == 21)
    _ = try place.identity.receive(welcome, over: .b)
    #expect(place.generation == 2 && place.scheme == .derivedKeyRatchet)
    #expect(place.fallback == .b)
    let old = place.identity.slotA.state
    #expect(old == .empty)
  }

  @Test("Every session counts, before it begins; the ratchet's key moves")
  func counting() throws {
    let place = Place()
    try place.load(try example.symmetricFile(.derivedKeyRatchet))
    let before = place.file
    try place.identity.beginSession(with: .a)
    #expect(place.isDirty && place.counter == 6)
    #expect(place.file[40..<72] != before[40..<72])
    try place.load(try example.symmetricFile(.derivedKeyEphemeral))
    try place.identity.beginSession(with: .a)
    #expect(!place.isDirty)
    var last = try example.symmetricFile().dropLast(32)
    for index in 36..<40 { last[index] = 0xFF }
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    let body = Array(last)
    Hash.SHA256.hash(body.bytes, into: &span)
    try place.load(body + digest)
    #expect(throws: DeviceError.countersExhausted) { try place.identity.beginSession(with: .a) }
  }

  @Test("Pseudonyms change with the epoch that a welcome told, and with nothing else")
  func pseudonyms() throws {
    let place = Place()
    try place.load(try example.symmetricFile())
    func hint() throws -> [UInt8] {
      var link = SymmetricLink()
      var frame = [UInt8](repeating: 0, count: 64)
      var span = frame.mutableBytes
      try place.identity.beginSession(with: .a)
      _ = try link.writeHello(place.identity, with: .a, into: &span)
      return Array(frame[1..<9])
    }
    let first = try hint()
    #expect(try hint() == first)
    _ = try place.identity.receive(.epoch(try example.authority.epoch(21)), over: .a)
    #expect(try hint() == first)
    _ = try place.identity.receive(
      .welcome(session: 1, mayOnlyRenew: false, try example.authority.epoch(21)), over: .a)
    #expect(try hint() != first)
  }
}
