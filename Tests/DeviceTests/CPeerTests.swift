// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Noise
import Records
import Schemes
import Testing
import Wire

@Suite("Sessions of a device in C with other devices")
struct CPeerTests {
  let authority = try! Authority()

  /// Two devices in C, each with its session with a server.
  private func pair(_ scheme: SchemeID = .certified) throws -> [(
    device: TestDevice, c: CDevice, server: SimulatedServer
  )] {
    try [0xA, 0xB].map { (id: UInt64) in
      let device = try authority.device(id, scheme: scheme)
      let c = CDevice(device.stored)
      #expect(c.load() == COUNTERSIGN_OK)
      let server = SimulatedServer(authority, device, mailFrom: device.address)
      try c.connect(server)
      return (device, c, server)
    }
  }

  /// One message and its acknowledgement in each direction.
  private func talk(_ first: (CDevice, CPeer), _ second: (CDevice, CPeer)) throws {
    for (from, to) in [(first, second), (second, first)] {
      let text = Array("from \(from.1.identity!.0.device)".utf8)
      let got = try to.0.open(from.0.seal(text, 1 << 48 | 7, in: from.1), in: to.1)
      #expect(got.text == text && got.message.kind == COUNTERSIGN_KIND_MESSAGE && got.message.number == 1 << 48 | 7)
      #expect(got.message.generation == 1 && got.message.from == to.1.identity!.0)
      let answers: [(Int, Int, Int)] = [
        (COUNTERSIGN_OK, COUNTERSIGN_KIND_ACKNOWLEDGEMENT, 0),
        (COUNTERSIGN_REPEATED, COUNTERSIGN_KIND_ACKNOWLEDGEMENT, 0),
        (COUNTERSIGN_TOO_OLD, COUNTERSIGN_KIND_REFUSAL, COUNTERSIGN_TOO_OLD),
        (COUNTERSIGN_IMPOSSIBLE_NUMBER, COUNTERSIGN_KIND_REFUSAL, COUNTERSIGN_IMPOSSIBLE_NUMBER),
      ]
      for (judgement, kind, reason) in answers {
        let answer = try from.0.open(to.0.acknowledge(7, judgement, in: to.1), in: from.1).message
        #expect(answer.kind == kind && answer.reason == reason && answer.number == 7)
      }
      #expect(throws: CError(code: COUNTERSIGN_MALFORMED)) { try to.0.acknowledge(7, COUNTERSIGN_INBOX_FULL, in: to.1) }
    }
  }

  private func lookUp(_ other: TestDevice, _ c: CDevice, _ server: SimulatedServer, _ peer: CPeer) throws {
    let record = try c.open(server.seal(.peer(other.address, .online, other.certificate)))
    try c.take(record, of: countersign_address(other.address), in: peer)
  }

  @Test("through the relay carry messages and what became of them", arguments: [SchemeID.certified, .identityBased])
  func relayed(scheme: SchemeID) throws {
    let devices = try pair(scheme)
    let (one, two) = (devices[0], devices[1])
    let (first, second) = (CPeer(), CPeer())
    try lookUp(two.device, one.c, one.server, first)
    for _ in 0..<2 {
      try one.c.call(first)
      let hello = try one.c.shake(first)
      try two.c.answer(second, from: countersign_address(one.device.address), hello)
      let reply = try two.c.shake(second, hello)
      #expect(second.isOpen && !first.isOpen)
      // A frame that was altered on the way costs nothing.
      #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try one.c.shake(first, flipping(77, of: reply)) }
      #expect(throws: CError(code: COUNTERSIGN_PEER_REJECTED)) {
        try one.c.shake(first, [UInt8(COUNTERSIGN_PEER_REJECTION)])
      }
      #expect(try one.c.shake(first, reply).isEmpty && first.isOpen)
      try talk((one.c, first), (two.c, second))
      countersign_peer_close(first.place)
      #expect(!first.isOpen && first.identity != nil)
    }
  }

  @Test("over a socket of their own need no server", arguments: [true, false])
  func direct(namesOther: Bool) throws {
    let devices = try pair()
    let (one, two) = (devices[0], devices[1])
    let (first, second) = (CPeer(), CPeer())
    try one.c.meet(first, initiates: true, other: namesOther ? countersign_address(two.device.address) : nil)
    try two.c.meet(second, initiates: false)
    var frame = try one.c.shake(first)
    for turn in 0..<3 {
      frame = try turn % 2 == 0 ? two.c.shake(second, frame) : one.c.shake(first, frame)
    }
    #expect(frame.isEmpty && first.isOpen && second.isOpen)
    try talk((one.c, first), (two.c, second))
    // Another device than the one that was named.
    try one.c.meet(first, initiates: true, other: countersign_address(one.device.address))
    try two.c.meet(second, initiates: false)
    let reply = try two.c.shake(second, one.c.shake(first))
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try one.c.shake(first, reply) }
    #expect(!first.isOpen && first.identity == nil)
  }

  @Test("understand the Swift modules' end, in both roles")
  func withSwift() throws {
    let device = try pair()[0]
    let other = try authority.device(0xC)
    let peer = CPeer()
    try lookUp(other, device.c, device.server, peer)
    try device.c.call(peer)
    let hello = try device.c.shake(peer)
    let talker = Talker(other, PeerSession(answering: hello.bytes))
    try talker.start(device.device.address)
    try talker.read(hello)
    #expect(try device.c.shake(peer, talker.write()).isEmpty)
    #expect(try talker.open(device.c.seal(Array("hello".utf8), 1, in: peer)) == "hello")
    #expect(try device.c.open(talker.seal("good night"), in: peer).text == Array("good night".utf8))

    let caller = Talker(other, PeerSession(relayed: .initiator, peer: device.device.certificate))
    try caller.start(device.device.address)
    let first = try caller.write()
    try device.c.answer(peer, from: countersign_address(other.address), first)
    try caller.read(device.c.shake(peer, first))
    #expect(try caller.open(device.c.acknowledge(3, in: peer)) == "ack 3")
  }

  @Test("end with a peer that is revoked meanwhile")
  func revoked() throws {
    let devices = try pair()
    let (one, two) = (devices[0], devices[1])
    let (first, second) = (CPeer(), CPeer())
    try lookUp(two.device, one.c, one.server, first)
    try one.c.call(first)
    let hello = try one.c.shake(first)
    try two.c.answer(second, from: countersign_address(one.device.address), hello)
    _ = try one.c.shake(first, two.c.shake(second, hello))
    let frame = try two.c.seal([1], 1, in: second)
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try one.c.open(flipping(40, of: frame), in: first) }
    _ = try one.c.open(one.server.seal(.revocation(authority.revocation(device: 0xB))))
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try one.c.open(frame, in: first) }
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try one.c.call(first) }
  }

  @Test("over a socket remember the generation that a peer has proved, and refuse the one before it")
  func superseded() throws {
    let one = try pair()[0]
    for (generation, expected) in [(2, COUNTERSIGN_OK), (1, COUNTERSIGN_UNACCEPTABLE)] {
      let other = try authority.device(0xB)
      if generation == 2 {
        try other.identity.beginRotation()
        let (next, slot) = (other.identity.renewalKey!, SlotName.b)
        try other.identity.install(authority.certificate(for: next, device: 0xB, generation: 2))
        other.identity.confirmUse(of: slot)
      }
      let (peer, talker) = (CPeer(), Talker(other, PeerSession(direct: .initiator)))
      try talker.start(nil)
      try one.c.meet(peer, initiates: false)
      try talker.read(one.c.shake(peer, talker.write()))
      let last = try talker.write()
      if expected == COUNTERSIGN_OK {
        #expect(try one.c.shake(peer, last).isEmpty && peer.isOpen && one.c.has(COUNTERSIGN_STORE))
      } else {
        #expect(throws: CError(code: expected)) { try one.c.shake(peer, last) }
        #expect(!peer.isOpen)
      }
    }
  }

  @Test("fit the memory that the header gives them")
  func sizes() {
    #expect(countersign_peer_size() <= MemoryLayout<countersign_peer>.size)
    #expect(COUNTERSIGN_PEER_HANDSHAKE_SIZE == PeerSession.maximumHandshakeLength)
    #expect(COUNTERSIGN_PEER_OVERHEAD == 1 + PeerRecord.messageOverhead + tagLength)
    #expect(COUNTERSIGN_PEER_REJECTION == PeerSession.rejection)
    #expect(COUNTERSIGN_DEPOSIT_OVERHEAD == Framing.maximumRecordOverhead + SealedMessage.overhead + tagLength)
    #expect(
      COUNTERSIGN_TEXT_SIZE == Message.maximumLength && COUNTERSIGN_CERTIFICATE_SIZE == Certificate.standaloneLength)
  }
}
