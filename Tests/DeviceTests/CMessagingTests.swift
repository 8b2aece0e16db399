// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Schemes
import TestSeed
import Testing
import Wire

@Suite("Messages of a device in C")
struct CMessagingTests {
  let authority = try! Authority()
  let a: TestDevice
  let b: TestDevice
  let server: SimulatedServer
  let c: CDevice

  init() throws {
    a = try authority.device(0xA)
    b = try authority.device(0xB)
    server = SimulatedServer(authority, a, mailFrom: b.address)
    c = CDevice(a.stored)
    #expect(c.load() == COUNTERSIGN_OK)
    try c.connect(server)
  }

  private func peer(_ certificate: Certificate?, _ presence: ServerRecord.Presence = .asleep) throws -> [UInt8] {
    try c.open(server.seal(.peer(b.address, presence, certificate)))
  }

  /// Records `body` of kind `mail`, opened.
  private func mail(_ body: [UInt8], _ number: UInt64, from: DeviceAddress? = nil) throws -> [UInt8] {
    try c.open(server.seal(.mail(from: from ?? b.address, id: MessageID(number), body.bytes)))
  }

  private func sealed(_ text: String, _ number: UInt64, by sender: TestDevice, to recipient: Certificate) throws
    -> [UInt8]
  {
    let body = Array(text.utf8)
    var message = [UInt8](repeating: 0, count: body.count + SealedMessage.overhead)
    var span = message.mutableBytes
    let length = try sender.identity.seal(body.bytes, id: MessageID(number), to: recipient, into: &span)
    return Array(message[..<length])
  }

  @Test("are sealed to a certificate that was looked up, and opened by that device alone", arguments: [0, 64, 64_000])
  func deposit(length: Int) throws {
    let peer = CPeer()
    try c.take(self.peer(b.certificate), of: countersign_address(b.address), in: peer)
    #expect(peer.identity?.1 == 1)
    let text = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let frame = try c.deposit(text, 0x0001_0000_0000_0005, to: peer)
    #expect(frame.count == length + Int(COUNTERSIGN_DEPOSIT_OVERHEAD))
    _ = try server.receive(frame)
    let record = try #require(server.received.last)
    guard case .deposit(let to, let generation, let id, let body) = try DeviceRecord(decoding: record.bytes) else {
      Issue.record("not a deposit")
      return
    }
    #expect(to == b.address && generation == 1 && id == MessageID(0x0001_0000_0000_0005))
    var opened = [UInt8](repeating: 0, count: body.byteCount)
    var span = opened.mutableBytes
    let message = try b.identity.open(body, from: a.address, into: &span)
    #expect(Array(opened[..<message.textLength]) == text && message.id == id && message.certificate == a.certificate)
    // One byte less of room, and a text that is too long.
    c.frame.removeLast()
    let capacity = c.frame.count
    #expect(throws: CError(code: COUNTERSIGN_BUFFER_TOO_SMALL)) {
      try c.write { countersign_deposit($0, peer.place, 1, text, text.count, $1, capacity, $2) }
    }
    #expect(throws: CError(code: COUNTERSIGN_MALFORMED)) {
      try c.deposit([UInt8](repeating: 0, count: 64_001), 1, to: peer)
    }
  }

  @Test("go to nobody whose certificate does not stand every check")
  func peerChecks() throws {
    let address = countersign_address(b.address)
    let peer = CPeer()
    let key = b.certificate.publicKey
    let bad = [
      ("another device's", try authority.certificate(for: key, device: 0xD)),
      ("forged", try Authority(seed: 0xA2).certificate(for: key, device: 0xB)),
      ("expired", try authority.certificate(for: key, device: 0xB, lastEpoch: 9)),
    ]
    for (name, certificate) in bad {
      #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE), Comment(rawValue: name)) {
        try c.take(self.peer(certificate), of: address, in: peer)
      }
      #expect(peer.identity == nil)
      #expect(throws: CError(code: COUNTERSIGN_NO_CERTIFICATE)) { try c.deposit([1], 1, to: peer) }
      #expect(throws: CError(code: COUNTERSIGN_NO_CERTIFICATE)) { try c.call(peer) }
    }
    #expect(throws: CError(code: COUNTERSIGN_UNKNOWN_PEER)) {
      try c.take(self.peer(nil, .unknown), of: address, in: peer)
    }
    #expect(throws: CError(code: COUNTERSIGN_NO_CERTIFICATE)) { try c.take(self.peer(nil), of: address, in: peer) }
    // An answer about another device than was asked for.
    #expect(throws: CError(code: COUNTERSIGN_MALFORMED)) {
      try c.take(self.peer(b.certificate), of: countersign_address(a.address), in: peer)
    }
    let foreign = try authority.device(0xB, system: 2)
    let record = try c.open(server.seal(.peer(foreign.address, .online, foreign.certificate)))
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) {
      try c.take(record, of: countersign_address(foreign.address), in: peer)
    }
    #expect(
      countersign_peer_take(
        c.context, peer.place, countersign_peer_size() - 1, [address], record, record.count, &c.todo)
        == COUNTERSIGN_BAD_CONTEXT)
    // What was verified once is checked again before it is used: it has been revoked since.
    try c.take(self.peer(b.certificate), of: address, in: peer)
    _ = try c.deposit([1], 1, to: peer)
    _ = try c.open(server.seal(.revocation(authority.revocation(device: 0xB))))
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try c.deposit([1], 1, to: peer) }
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) {
      try c.take(self.peer(b.certificate), of: address, in: peer)
    }
  }

  @Test("are opened where they lie, with the sender, the number and the generation", arguments: ["", "good night"])
  func openMail(text: String) throws {
    let number: UInt64 = 0x0001_0000_0000_0009
    let record = try mail(sealed(text, number, by: b, to: a.certificate), number)
    var parsed = countersign_record()
    #expect(
      countersign_parse(record, record.count, &parsed) == COUNTERSIGN_OK && parsed.kind == COUNTERSIGN_RECORD_MAIL)
    let (message, opened) = try c.openMail(record)
    #expect(opened == Array(text.utf8) && message.number == number && message.generation == 1)
    #expect(message.from == countersign_address(b.address) && message.kind == COUNTERSIGN_KIND_MESSAGE)
  }

  @Test("that do not verify are not handed over, and say whose they claim to be")
  func badMail() throws {
    let good = try sealed("good night", 7, by: b, to: a.certificate)
    let cases: [(String, [UInt8], UInt64, DeviceAddress, Int)] = [
      ("altered", flipping(good.count * 8 - 1, of: good), 7, b.address, COUNTERSIGN_REFUSED),
      ("another number than the sealed one", good, 8, b.address, COUNTERSIGN_UNACCEPTABLE),
      ("another sender", good, 7, a.address, COUNTERSIGN_REFUSED),
      ("to somebody else", try sealed("x", 7, by: a, to: b.certificate), 7, b.address, COUNTERSIGN_REFUSED),
      ("too short", Array(good.prefix(95)), 7, b.address, COUNTERSIGN_MALFORMED),
    ]
    for (name, body, number, from, expected) in cases {
      let record = try mail(body, number, from: from)
      #expect(throws: CError(code: expected), Comment(rawValue: name)) { try c.openMail(record) }
      #expect(c.last.number == number && c.last.from == countersign_address(from) && c.opened.isEmpty)
    }
    _ = try c.open(server.seal(.revocation(authority.revocation(device: 0xB))))
    let record = try mail(good, 7)
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try c.openMail(record) }
  }

  @Test("that were sealed to the key before are opened while that is kept")
  func retiringKey() throws {
    let old = try sealed("to the old key", 1, by: b, to: a.certificate)
    server.ordersRotation = true
    countersign_close(c.context)
    try c.connect(server)
    _ = try server.receive(c.rotate()).map { try c.open($0) }
    #expect(c.has(COUNTERSIGN_RECONNECT))
    countersign_close(c.context)
    server.mail = old
    let reply = try #require(server.answer(c.handshake()))
    let frames = try server.receive(c.handshake(reply))
    _ = try c.open(frames[0])
    let record = try c.open(frames[1])
    #expect(countersign_generation(c.context) == 2)
    #expect(try c.openMail(record).text == Array("to the old key".utf8))
    _ = try c.open(frames[2])
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try c.openMail(record) }
  }

  @Test("have numbers that no restart repeats, and that are stored before they are used")
  func numbers() throws {
    var generator = SeededGenerator(for: "C message numbers")
    var used: Set<UInt64> = []
    var stores = 0
    for _ in 0..<400 {
      let number = try c.nextNumber()
      if c.has(COUNTERSIGN_STORE) {
        try c.store()
        stores += 1
      }
      #expect(used.insert(number).inserted && number >> 48 == 1)
      if UInt8.random(in: 0..<16, using: &generator) == 0 { #expect(c.load() == COUNTERSIGN_OK) }
    }
    #expect(stores < 300)
  }

  @Test("and what else it says are records that the server reads")
  func records() throws {
    var to = countersign_address(b.address)
    c.frame = [UInt8](repeating: 0, count: 256)
    let body: [UInt8] = [1, 2, 3]
    let frames = [
      try c.write { countersign_lookup($0, &to, $1, 29, $2) },
      try c.write { countersign_delivered($0, &to, 77, $1, 37, $2) },
      try c.write { countersign_ping($0, $1, 17, $2) },
      try c.write {
        for (index, byte) in body.enumerated() { $1[Int(COUNTERSIGN_RELAY_OFFSET) + index] = byte }
        return countersign_relay($0, &to, 9, $1, 36, 3, $2)
      },
      try c.write { countersign_deposit_open($0, &to, 78, body, 3, $1, 3 + Int(COUNTERSIGN_RECORD_OVERHEAD), $2) },
    ]
    server.mail = [1]
    for frame in frames { #expect(try server.receive(frame).isEmpty) }
    #expect(server.mail == nil)
    let expected = [
      RecordSamples.encode(.lookup(b.address)), RecordSamples.encode(.ping),
      RecordSamples.encode(.frame(to: b.address, session: 9, body.bytes)),
      RecordSamples.encode(.open(to: b.address, id: MessageID(78), body.bytes)),
    ]
    #expect(server.received == expected)
    #expect(throws: CError(code: COUNTERSIGN_BUFFER_TOO_SMALL)) {
      try c.write { countersign_relay($0, &to, 9, $1, 35, 3, $2) }
    }
    #expect(throws: CError(code: COUNTERSIGN_BUFFER_TOO_SMALL)) {
      try c.write { countersign_lookup($0, &to, $1, 28, $2) }
    }
  }

  @Test("and every record of the server is taken apart, and no other bytes")
  func parse() throws {
    let samples = try RecordSamples.serverRecords(authority)
    var fields: [UInt8: [UInt64]] = [:]
    for record in samples {
      var parsed = countersign_record()
      #expect(countersign_parse(record, record.count, &parsed) == COUNTERSIGN_OK && parsed.kind == record[0])
      let body = UnsafeBufferPointer(start: parsed.body, count: parsed.body_size).map { UInt64($0) }
      fields[parsed.kind] =
        [parsed.device.device, parsed.number, UInt64(parsed.session), UInt64(parsed.seconds), UInt64(parsed.reason)]
        + body
    }
    let device = RecordSamples.address.device.rawValue
    let expected: [Int: [UInt64]] = [
      COUNTERSIGN_RECORD_WELCOME: [0, 0, UInt64(UInt32.max), 0, 1],
      COUNTERSIGN_RECORD_FRAME: [device, 0, 5, 0, 0, 0xB0, 0xD1],
      COUNTERSIGN_RECORD_PEER: [device, 0, 0, 0, UInt64(COUNTERSIGN_PRESENCE_ONLINE)],
      COUNTERSIGN_RECORD_ACCEPTED: [0, 42, 0, 0, 0],
      COUNTERSIGN_RECORD_REFUSED: [0, 42, 0, 0, UInt64(COUNTERSIGN_MESSAGE_UNKNOWN_CHANNEL)],
      COUNTERSIGN_RECORD_MAIL: [device, 42, 0, 0, 0, 0xB0, 0xD1],
      COUNTERSIGN_RECORD_CAUGHT_UP: [0, 0, 0, 0, 0], COUNTERSIGN_RECORD_PONG: [0, 0, 0, 0, 0],
      COUNTERSIGN_RECORD_UNREACHABLE: [device, 0, 5, 0, 0],
      COUNTERSIGN_RECORD_OPEN: [device, 42, 0, 0, 0, 0xB0, 0xD1],
      COUNTERSIGN_RECORD_KEY_REFUSED: [0, 0, 0, 3600, 4],
    ]
    for (kind, values) in expected { #expect(fields[UInt8(kind)] == values, "\(kind)") }
    BadInput.forEach("C records", count: 20_000, like: samples) { input in
      var parsed = countersign_record()
      let isRecord = (try? ServerRecord(decoding: input.bytes).encodedLength) != nil
      #expect((countersign_parse(input, input.count, &parsed) == COUNTERSIGN_OK) == isRecord)
    }
  }
}
