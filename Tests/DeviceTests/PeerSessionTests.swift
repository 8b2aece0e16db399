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

@Suite("A session between two devices")
struct PeerSessionTests {
  let authority = try! Authority()
  let a: TestDevice
  let b: TestDevice

  init() throws {
    a = try authority.device(0xA)
    b = try authority.device(0xB)
  }

  enum Way: CaseIterable { case relayed, direct }

  private func pair(_ way: Way, _ a: TestDevice, _ b: TestDevice) throws -> (Talker, Talker) {
    way == .relayed ? try Talker.relayed(a, b) : try Talker.direct(a, b)
  }

  @Test("carries messages both ways, each end sure of the other", arguments: Way.allCases)
  func conversation(way: Way) throws {
    let (first, second) = try pair(way, a, b)
    #expect(first.session.isMyTurn && !second.session.isMyTurn)
    try Talker.finish((first, second))
    #expect(first.session.peer == b.certificate && second.session.peer == a.certificate)
    #expect(try second.open(first.seal("there")) == "there")
    #expect(try first.open(second.seal("and back")) == "and back")
    #expect(try second.open(first.seal("")) == "")
  }

  @Test("has frames of the lengths that the formats say")
  func lengths() throws {
    let (i1, r1) = try Talker.relayed(a, b)
    let ik1 = try i1.write()
    try r1.read(ik1)
    let ik2 = try r1.write()
    #expect([ik1.count, ik2.count] == [181, 49])
    #expect([ik1[0], ik2[0]] == [1, 2])
    let (i2, r2) = try Talker.direct(a, b)
    let xx1 = try i2.write()
    try r2.read(xx1)
    let xx2 = try r2.write()
    try i2.read(xx2)
    let xx3 = try i2.write()
    #expect([xx1.count, xx2.count, xx3.count] == [33, 181, 149])
    #expect([xx1[0], xx2[0], xx3[0]] == [0x11, 0x12, 0x13])
  }

  @Test("takes no frame before the handshake is over, and writes none")
  func tooEarly() throws {
    let (first, second) = try Talker.relayed(a, b)
    #expect(throws: DeviceError.noise(.outOfTurn)) { try first.seal("x") }
    #expect(throws: DeviceError.noise(.outOfTurn)) { try first.open([3] + [UInt8](repeating: 0, count: 32)) }
    #expect(throws: DeviceError.noise(.outOfTurn)) { try second.write() }
    #expect(throws: DeviceError.unexpectedRecord(3)) { try second.read([3] + [UInt8](repeating: 0, count: 32)) }
    #expect(throws: DeviceError.malformedRecord) { try second.read([]) }
  }

  @Test("to a peer whose looked-up certificate is another device's, expired, revoked or forged does not begin")
  func lookedUp() throws {
    let wrong = Talker(a, PeerSession(relayed: .initiator, peer: b.certificate))
    #expect(throws: DeviceError.subjectMismatch) {
      try wrong.start(DeviceAddress(system: SystemID(1), device: DeviceID(0xC)))
    }
    var forged = b.certificate.encoded
    forged[60] ^= 1
    let lied = Talker(a, PeerSession(relayed: .initiator, peer: try Certificate(decoding: forged.bytes)))
    #expect(throws: DeviceError.credentials(.invalidSignature)) { try lied.start(b.address) }

    _ = try a.identity.receive(.revocation(authority.revocation(device: 0xB)), over: .a)
    let revoked = Talker(a, PeerSession(relayed: .initiator, peer: b.certificate))
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) { try revoked.start(b.address) }

    let c = try authority.device(0xC)
    _ = try c.identity.receive(.epoch(authority.epoch(21)), over: .a)
    let late = Talker(c, PeerSession(relayed: .initiator, peer: b.certificate))
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) { try late.start(b.address) }
    #expect(throws: DeviceError.subjectMismatch) { try late.start(nil) }
    let unknown = Talker(c, PeerSession(relayed: .initiator))
    #expect(throws: DeviceError.noise(.missingKey(.remoteStatic))) { try unknown.start(b.address) }
  }

  @Test("through a relay that says another sender than the one who wrote is refused")
  func relayLies() throws {
    let c = try authority.device(0xC)
    // The relay passes a's frame on as c's: the prologue differs.
    let (first, second) = try Talker.relayed(a, b)
    let misled = Talker(b, PeerSession(relayed: .responder))
    try misled.start(c.address)
    let frame = try first.write()
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try misled.read(frame) }
    try second.read(frame)
  }

  @Test("by a device that claims another's address, with a relay that helps it, is refused")
  func claimedAddress() throws {
    let mallory = try authority.device(0xC)
    // A device that lies about itself in the prologue, which only a changed program does.
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    noise.setStatic(mallory.copyKeyA())
    noise.setRemoteStatic(b.certificate.publicKey)
    let prologue = SchemesPrologue.relayed(from: a.address, to: b.address)
    try noise.start(prologue: prologue.bytes)
    var frame = [UInt8](repeating: 1, count: 181)
    var span = frame.mutableBytes
    var message = span.suffix(from: 1)
    _ = try noise.writeMessage(mallory.certificate.encodedForHandshake.bytes, into: &message)

    let victim = Talker(b, PeerSession(relayed: .responder))
    try victim.start(a.address)
    #expect(throws: DeviceError.subjectMismatch) { try victim.read(frame) }
    #expect(victim.session.peer == nil)
    #expect(throws: DeviceError.noise(.outOfTurn)) { try victim.write() }
  }

  @Test("ends when a payload decrypts and is not a certificate: it cannot be finished without a verified peer")
  func noCertificate() throws {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    noise.setStatic(X25519.PrivateKey.random())
    noise.setRemoteStatic(b.certificate.publicKey)
    let prologue = SchemesPrologue.relayed(from: a.address, to: b.address)
    try noise.start(prologue: prologue.bytes)
    var frame = [UInt8](repeating: 1, count: 97)
    var span = frame.mutableBytes
    var message = span.suffix(from: 1)
    _ = try noise.writeMessage(into: &message)

    let victim = Talker(b, PeerSession(relayed: .responder))
    try victim.start(a.address)
    #expect(throws: DeviceError.malformedRecord) { try victim.read(frame) }
    #expect(throws: DeviceError.noise(.outOfTurn)) { try victim.write() }
    #expect(victim.session.isEstablished == false)
  }

  @Test("with a stranger's certificate, of another authority or another device's, is refused", arguments: Way.allCases)
  func impostor(way: Way) throws {
    let stranger = try Authority(seed: 0xB2).device(0xA)
    let (first, second) = try pair(.direct, stranger, b)
    try second.read(first.write())
    let answer = try second.write()
    #expect(throws: DeviceError.credentials(.unknownIssuer(authority.issuer.keyID))) { try first.read(answer) }
    let relayed = Talker(b, PeerSession(relayed: .responder))
    try relayed.start(a.address)
    let wild = Talker(stranger, PeerSession(relayed: .initiator))
    #expect(throws: DeviceError.self) { try wild.start(b.address) }
  }

  @Test("direct, when someone else answers than was wanted, ends before the own certificate is shown")
  func unexpectedPeer() throws {
    let first = Talker(a, PeerSession(direct: .initiator))
    let second = Talker(b, PeerSession(direct: .responder))
    try first.start(DeviceAddress(system: SystemID(1), device: DeviceID(0xC)))
    try second.start(nil)
    try second.read(first.write())
    let answer = try second.write()
    #expect(throws: DeviceError.subjectMismatch) { try first.read(answer) }
    #expect(throws: DeviceError.noise(.outOfTurn)) { try first.write() }
  }

  @Test("with a device of another system needs a policy, on both sides, in this direction", arguments: Way.allCases)
  func foreign(way: Way) throws {
    let other = try authority.device(0xA, system: 2)
    let policy = try authority.policy(from: 2, to: 1)
    if way == .relayed {
      let refused = Talker(other, PeerSession(relayed: .initiator, peer: b.certificate))
      #expect(throws: DeviceError.credentials(.foreignSystem(SystemID(1)))) { try refused.start(b.address) }
    }
    _ = try other.identity.receive(.policy(policy), over: .a)
    let (first, second) = try pair(way, other, b)
    #expect(throws: DeviceError.credentials(.foreignSystem(SystemID(2)))) { try Talker.finish((first, second)) }
    #expect(!second.session.isEstablished && second.session.peer == nil)

    _ = try b.identity.receive(.policy(policy), over: .a)
    try Talker.finish(pair(way, other, b))
    // The other way round the same policy does not help.
    #expect(throws: DeviceError.self) { try Talker.finish(pair(way, b, other)) }
  }

  @Test("with an expired or revoked peer is refused by the one who knows", arguments: Way.allCases)
  func expiredAndRevoked(way: Way) throws {
    let (first, second) = try pair(way, a, b)
    _ = try b.identity.receive(.revocation(authority.revocation(device: 0xA)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) { try Talker.finish((first, second)) }

    let c = try authority.device(0xC, lastEpoch: 30)
    let (third, fourth) = try pair(way, b, c)
    _ = try c.identity.receive(.epoch(authority.epoch(21)), over: .a)
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) {
      try Talker.finish((third, fourth))
    }
  }

  @Test("that stands learns of a revocation and of an epoch", arguments: Way.allCases)
  func laterRevocation(way: Way) throws {
    let (first, second) = try pair(way, a, b)
    #expect(throws: DeviceError.noise(.outOfTurn)) { try second.session.checkPeer(b.identity.trust) }
    try Talker.finish((first, second))
    try second.session.checkPeer(b.identity.trust)
    _ = try b.identity.receive(.revocation(authority.revocation(device: 0xA)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) {
      try second.session.checkPeer(b.identity.trust)
    }
    _ = try a.identity.receive(.epoch(authority.epoch(21)), over: .a)
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) {
      try first.session.checkPeer(a.identity.trust)
    }
  }

  @Test("with an overflowing list goes on through the relay, which vouches, and not directly")
  func overflow() throws {
    for device: UInt64 in 100..<133 {
      _ = try b.identity.receive(.revocation(authority.revocation(device: device)), over: .a)
    }
    try Talker.finish(Talker.relayed(a, b))
    #expect(throws: DeviceError.credentials(.revocationListFull)) { try Talker.finish(Talker.direct(a, b)) }
  }

  @Test("survives altered handshake frames: each is refused and the right one still read", arguments: Way.allCases)
  func alteredHandshake(way: Way) throws {
    let pair = try pair(way, a, b)
    var (writer, reader) = pair
    while !(pair.0.session.isEstablished && pair.1.session.isEstablished) {
      let frame = try writer.write()
      // XX's first message is an ephemeral key in clear: what was altered shows when the second does not decrypt.
      if frame.count > 33 {
        for bit in 0..<frame.count * 8 {
          #expect(throws: DeviceError.self, "bit \(bit)") { try reader.read(flipping(bit, of: frame)) }
        }
        for length in 0..<frame.count {
          #expect(throws: DeviceError.self) { try reader.read(Array(frame[..<length])) }
        }
      }
      try reader.read(frame)
      (writer, reader) = (reader, writer)
    }
    #expect(try pair.1.open(pair.0.seal("after all")) == "after all")
  }

  @Test("survives altered, replayed and misdirected frames: the next right one opens", arguments: Way.allCases)
  func alteredFrames(way: Way) throws {
    let (first, second) = try pair(way, a, b)
    try Talker.finish((first, second))
    let one = try first.seal("one")
    for bit in 0..<one.count * 8 {
      #expect(throws: DeviceError.self, "bit \(bit)") { try second.open(flipping(bit, of: one)) }
    }
    for length in 0..<one.count { #expect(throws: DeviceError.self) { try second.open(Array(one[..<length])) } }
    #expect(try second.open(one) == "one")
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try second.open(one) }
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try first.open(one) }
    #expect(try second.open(first.seal("two")) == "two")
  }

  @Test("of this device's next handshake does not open the last one's frames")
  func sessionsApart() throws {
    let (first, second) = try Talker.relayed(a, b)
    try Talker.finish((first, second))
    let (third, fourth) = try Talker.relayed(a, b)
    try Talker.finish((third, fourth))
    let frame = try first.seal("one")
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try fourth.open(frame) }
  }

  @Test("refuses a record that does not fit the caller's buffer or a frame, and goes on")
  func tooLong() throws {
    let (first, second) = try Talker.direct(a, b)
    try Talker.finish((first, second))
    let body = [UInt8](repeating: 1, count: 65_510)
    var frame = [UInt8](repeating: 0, count: 70_000)
    #expect(throws: DeviceError.messageTooLong) {
      var span = frame.mutableBytes
      _ = try first.session.seal(.message(MessageID(1), body.bytes), into: &span)
    }
    frame = [UInt8](repeating: 0, count: 25)
    #expect(throws: DeviceError.noise(.bufferTooSmall(needed: 26))) {
      var span = frame.mutableBytes
      _ = try first.session.seal(.acknowledgement(MessageID(1)), into: &span)
    }
    #expect(try second.open(first.seal("fits")) == "fits")
  }
}
