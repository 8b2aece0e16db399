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

@Suite("Devices with identity-based credentials")
struct IdentityBasedTests {
  let authority = try! Authority()
  static let kinds: [SchemeID] = [.certified, .identityBased]

  private func device(_ id: UInt64, _ scheme: SchemeID, system: UInt32 = 1, lastEpoch: Epoch = 20) throws -> TestDevice
  {
    try authority.device(id, system: system, lastEpoch: lastEpoch, scheme: scheme)
  }

  private func hello(_ device: TestDevice, scheme: SchemeID? = nil) throws(DeviceError) -> [UInt8] {
    var link = ServerLink(scheme: scheme ?? device.identity.scheme)
    var frame = [UInt8](repeating: 0, count: 256)
    var span = frame.mutableBytes
    let length = try link.writeHello(device.identity, into: &span)
    return Array(frame[..<length])
  }

  @Test("The first frame to the server is 117 bytes: 20 more than without a certificate, 64 fewer than with one")
  func serverHandshake() throws {
    let device = try device(1, .identityBased)
    let frame = try hello(device)
    #expect(frame.count == 117)
    #expect(try hello(self.device(2, .certified)).count == 181)
    var responder = Responder(.identityBased)
    let claim = try responder.readHello(
      frame.bytes, key: authority.handshakeKey, master: authority.master.publicKey)
    #expect(claim.certificate == device.certificate)
    #expect(claim.publicKey == device.identity.slotA.key.publicKey)
  }

  @Test("A first frame with any bit turned, for another server or another master, is refused")
  func tamperedHello() throws {
    let frame = try hello(device(1, .identityBased))
    for bit in 0..<8 * frame.count {
      let bytes = flipping(bit, of: frame)
      var responder = Responder(.identityBased)
      #expect(throws: SchemesError.self, "bit \(bit)") {
        try responder.readHello(bytes.bytes, key: authority.handshakeKey, master: authority.master.publicKey)
      }
    }
    let other = try Authority(seed: 3)
    var responder = Responder(.identityBased)
    #expect(throws: SchemesError.self) {
      try responder.readHello(frame.bytes, key: authority.handshakeKey, master: other.master.publicKey)
    }
    responder = Responder(.identityBased)
    #expect(throws: SchemesError.unexpectedScheme(11)) {
      try responder.readHello(frame.bytes, key: authority.handshakeKey)
    }
  }

  @Test("A credential that was copied is worth nothing without its key")
  func stolenCredential() throws {
    let victim = try device(1, .identityBased)
    let thief = try device(2, .identityBased)
    var handshake = Initiator(.identityBased)
    handshake.setStatic(thief.identity.slotA.key, server: authority.handshakeKey.publicKey)
    var frame = [UInt8](repeating: 0, count: 256)
    var span = frame.mutableBytes
    let length = try handshake.writeHello(victim.certificate, master: authority.master.publicKey, into: &span)
    let sent = Array(frame[..<length])
    var responder = Responder(.identityBased)
    #expect(throws: SchemesError.noise(.decryptionFailed)) {
      try responder.readHello(sent.bytes, key: authority.handshakeKey, master: authority.master.publicKey)
    }
  }

  @Test("A scheme and a credential of different kinds do not go together")
  func wrongKind() throws {
    #expect(throws: DeviceError.schemes(.unexpectedScheme(6))) {
      try hello(device(1, .identityBased), scheme: .certified)
    }
    #expect(throws: DeviceError.schemes(.unexpectedScheme(11))) {
      try hello(device(1, .certified), scheme: .identityBased)
    }
  }

  @Test("Both kinds talk to one another through the relay", arguments: kinds, kinds)
  func relayed(_ first: SchemeID, _ second: SchemeID) throws {
    let pair = try Talker.relayed(answering: device(1, first), device(2, second))
    try Talker.finish(pair)
    #expect(pair.0.session.peer == pair.1.device.certificate && pair.1.session.peer == pair.0.device.certificate)
    #expect(try pair.0.open(pair.1.seal("good morning")) == "good morning")
    #expect(try pair.1.open(pair.0.seal("and to you")) == "and to you")
  }

  @Test("Both kinds talk to one another with no server between them", arguments: kinds, kinds)
  func direct(_ first: SchemeID, _ second: SchemeID) throws {
    let pair = try Talker.direct(device(1, first), device(2, second))
    try Talker.finish(pair)
    #expect(pair.0.session.peer == pair.1.device.certificate && pair.1.session.peer == pair.0.device.certificate)
    #expect(try pair.0.open(pair.1.seal("good morning")) == "good morning")
  }

  @Test("Both kinds leave one another messages", arguments: kinds, kinds)
  func sealed(_ first: SchemeID, _ second: SchemeID) throws {
    let (sender, recipient) = (try device(1, first), try device(2, second))
    let text = Array("for when you wake up".utf8)
    var message = [UInt8](repeating: 0, count: text.count + SealedMessage.overhead)
    var span = message.mutableBytes
    let length = try sender.identity.seal(text.bytes, id: MessageID(7), to: recipient.certificate, into: &span)
    #expect(length == text.count + (first == .identityBased ? 156 : 188))
    let sent = Array(message[..<length])
    var opened = [UInt8](repeating: 0, count: length)
    var place = opened.mutableBytes
    let result = try recipient.identity.open(sent.bytes, from: sender.address, into: &place)
    #expect(Array(opened[..<result.textLength]) == text && result.certificate == sender.certificate)
    for bit in stride(from: 0, to: 8 * length, by: 5) {
      let spoilt = flipping(bit, of: sent)
      var place = opened.mutableBytes
      #expect(throws: DeviceError.self) {
        try recipient.identity.open(spoilt.bytes, from: sender.address, into: &place)
      }
    }
  }

  @Test("The first relayed frame is 64 bytes shorter, and shows nothing of who speaks")
  func relayedLength() throws {
    let (alice, bob) = (try device(1, .identityBased), try device(2, .certified))
    let talker = Talker(alice, PeerSession(relayed: .initiator, peer: bob.certificate))
    try talker.start(bob.address)
    #expect(try talker.write().count == 117)
    let plain = Talker(bob, PeerSession(relayed: .initiator, peer: alice.certificate))
    try plain.start(alice.address)
    #expect(try plain.write().count == 181)
  }

  @Test("An expired, a revoked and a foreign credential, and one of another master, are refused")
  func refused() throws {
    let bob = try device(2, .certified)
    func attempt(_ alice: TestDevice) throws(DeviceError) {
      let talker = Talker(alice, PeerSession(relayed: .initiator, peer: bob.certificate))
      try talker.start(bob.address)
      let frame = try talker.write()
      let second = Talker(bob, PeerSession(answering: frame.bytes))
      try second.start(alice.address)
      try second.read(frame)
    }
    try attempt(device(1, .identityBased))
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 9, current: 10))) {
      try attempt(device(3, .identityBased, lastEpoch: 9))
    }
    _ = try bob.identity.receive(.revocation(authority.revocation(device: 1)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) { try attempt(device(1, .identityBased)) }
    let stranger = try Authority(seed: 7).device(1, scheme: .identityBased)
    #expect(throws: DeviceError.self) { try attempt(stranger) }
    let foreigner = try device(1, .identityBased, system: 2)
    #expect(throws: DeviceError.self) { try attempt(foreigner) }
  }

  @Test("A device without the master public key trusts no identity-based credential")
  func noMaster() throws {
    let old = TestDevice()
    old.identity.create(
      address: DeviceAddress(system: SystemID(1), device: DeviceID(2)), anchor: authority.anchor,
      serverKey: authority.handshakeKey.publicKey, epoch: 10)
    try old.identity.install(authority.certificate(for: old.identity.renewalKey!, device: 2))
    let pair = try Talker.direct(device(1, .identityBased), old)
    #expect(throws: DeviceError.self) { try Talker.finish(pair) }
  }

  @Test("A request survives a restart; the credential then fits", arguments: [false, true])
  func storedRequest(isRotation: Bool) throws {
    let device: TestDevice
    if isRotation {
      device = try self.device(5, .identityBased)
      try device.identity.beginRotation()
    } else {
      device = TestDevice()
      device.identity.create(
        address: DeviceAddress(system: SystemID(1), device: DeviceID(5)), anchor: authority.anchor,
        serverKey: authority.handshakeKey.publicKey, epoch: 10, scheme: .identityBased,
        master: authority.master.publicKey)
    }
    device.save()
    let request = try #require(device.requestPoint)
    try device.reboot()
    #expect(device.requestPoint == request)
    let answer = try authority.blinded(request, device: 5, generation: isRotation ? 2 : 1)
    try device.identity.install(answer)
    device.save()
    try device.reboot()
    #expect(device.requestPoint == nil)
    #expect(device.identity.slotForSession() == (isRotation ? .b : .a))
    // Once more is refused: nothing waits for it.
    #expect(throws: DeviceError.subjectMismatch) { try device.identity.install(answer) }
  }

  @Test("An answer for another device, another request or an earlier generation is refused")
  func wrongAnswers() throws {
    let device = try device(5, .identityBased)
    try device.identity.beginRotation()
    let request = try #require(device.requestPoint)
    for answer in [
      try authority.blinded(request, device: 6, generation: 2),
      try authority.blinded(request, device: 5, generation: 1),
      try authority.blinded(request, system: 2, device: 5, generation: 2),
      try authority.blinded(authority.master.publicKey.bytes, device: 5, generation: 2),
      try Authority(seed: 8).blinded(request, device: 5, generation: 2),
    ] {
      #expect(throws: DeviceError.self) { try device.identity.install(answer) }
    }
    try device.identity.install(authority.blinded(request, device: 5, generation: 2))
  }

  @Test("An injected or escrowed key is taken once, and only with a credential that leads to it")
  func injected() throws {
    let address = DeviceAddress(system: SystemID(1), device: DeviceID(5))
    var key = X25519.PrivateKey()
    let fields = authority.master.fields(for: address, generation: 1, lastEpoch: 20)
    for isEscrow in [false, true] {
      let device = TestDevice()
      device.identity.create(
        address: address, anchor: authority.anchor, serverKey: authority.handshakeKey.publicKey, epoch: 10,
        scheme: .identityBased, master: authority.master.publicKey)
      let credential =
        isEscrow
        ? try authority.master.issueEscrow(fields, into: &key) : try authority.master.issueInjected(fields, into: &key)
      let other = X25519.PrivateKey.random()
      #expect(throws: DeviceError.subjectMismatch) { try device.identity.inject(credential, key: other) }
      try device.identity.inject(credential, key: key)
      #expect(throws: DeviceError.subjectMismatch) { try device.identity.inject(credential, key: key) }
      device.save()
      try device.reboot()
      #expect(device.certificate.identityCredential == credential)
      #expect(try hello(device).count == 117)
    }
  }

  @Test("A device file of version 1 is read: it trusts no identity-based credential, and is written as version 2")
  func fileVersion1() throws {
    let device = try device(5, .certified)
    var old = Array(device.stored.dropLast(64))
    old[4] = 1
    var digest = [UInt8](repeating: 0, count: 32)
    var target = digest.mutableBytes
    Hash.SHA256.hash(old.bytes, into: &target)
    old += digest
    let loaded = TestDevice()
    try loaded.identity.load(old.bytes)
    #expect(loaded.certificate == device.certificate && loaded.identity.trust.master == nil)
    loaded.save()
    #expect(loaded.stored[4] == 2)
    try loaded.reboot()
    #expect(loaded.certificate == device.certificate)
  }

  @Test("A credential near its last epoch is replaced by a new key's; one past it even while an old key waits for mail")
  func renewal() throws {
    let device = try device(5, .identityBased, lastEpoch: 20)
    func welcome(_ epoch: Epoch) throws -> DeviceIdentity.Order {
      let record = ServerRecord.welcome(session: 1, mayOnlyRenew: false, try authority.epoch(epoch))
      return try device.identity.receive(record, over: .a)
    }
    #expect(try welcome(11) == .none)
    let order = try welcome(19)
    let request = try #require(device.requestPoint)
    #expect(order == .request(request))
    #expect(try welcome(19) == order, "asked again until it is answered")
    try device.identity.install(authority.blinded(request, device: 5, generation: 2, lastEpoch: 22))
    device.identity.confirmUse(of: .b)
    #expect(device.identity.slotA.state == .retiring)
    // The old key has mail to open: the next rotation waits for it, unless the credential is expired.
    let record = ServerRecord.welcome(session: 2, mayOnlyRenew: false, try authority.epoch(22))
    #expect(try device.identity.receive(record, over: .b) == .none)
    let late = ServerRecord.welcome(session: 3, mayOnlyRenew: true, try authority.epoch(23))
    let next = try device.identity.receive(late, over: .b)
    #expect(next == .request(try #require(device.requestPoint)))
  }

  @Test("After falling back a device shows its next key, uses that when the server knows it, and else asks anew")
  func fallingBack() throws {
    let device = try device(5, .identityBased)
    let current = device.certificate
    try device.identity.beginRotation()
    let request = try #require(device.requestPoint)
    let answer = try authority.blinded(request, device: 5, generation: 2)
    try device.identity.install(answer)
    #expect(device.identity.slotForSession() == .b)
    let next = Certificate(answer.credential, publicKey: device.identity.slotB.key.publicKey)
    let welcome = ServerRecord.welcome(session: 1, mayOnlyRenew: false, try authority.epoch(10))
    #expect(try device.identity.receive(welcome, over: .a) == .renew(next.publicKey))
    #expect(try device.identity.receive(.rotate, over: .a) == .renew(next.publicKey), "it makes no second one")
    #expect(try device.identity.receive(.certificate(next), over: .a) == .reconnect)
    #expect(device.identity.slotForSession() == .b)
    let order = try device.identity.receive(.certificate(current), over: .a)
    let second = try #require(device.requestPoint)
    #expect(order == .request(second) && second != request)
    #expect(try device.identity.receive(.certificate(current), over: .a) == .none)
  }
}
