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

@Suite("A sealed message")
struct SealedMessageTests {
  let authority = try! Authority()
  let a: TestDevice
  let b: TestDevice

  init() throws {
    a = try authority.device(0xA)
    b = try authority.device(0xB)
  }

  private func seal(
    _ text: String, id: UInt64 = 1, from sender: TestDevice, to recipient: Certificate
  ) throws(DeviceError) -> [UInt8] {
    let body = Array(text.utf8)
    var message = [UInt8](repeating: 0, count: body.count + SealedMessage.overhead)
    var span = message.mutableBytes
    let length = try sender.identity.seal(body.bytes, id: MessageID(id), to: recipient, into: &span)
    return Array(message[..<length])
  }

  private func open(
    _ message: [UInt8], from sender: DeviceAddress, at recipient: TestDevice
  ) throws(DeviceError) -> (text: String, id: UInt64, Certificate) {
    var text = [UInt8](repeating: 0, count: max(message.count, 1))
    var span = text.mutableBytes
    let opened = try recipient.identity.open(message.bytes, from: sender, into: &span)
    return (String(decoding: text[..<opened.textLength], as: UTF8.self), opened.id.rawValue, opened.certificate)
  }

  @Test("is opened by its recipient, who learns the sender and the number")
  func roundTrip() throws {
    let sealed = try seal("good night", id: 0x0001_0000_0000_0007, from: a, to: b.certificate)
    #expect(sealed.count == 10 + 188)
    let opened = try open(sealed, from: a.address, at: b)
    #expect(opened.text == "good night" && opened.id == 0x0001_0000_0000_0007 && opened.2 == a.certificate)
    #expect(try open(seal("", from: a, to: b.certificate), from: a.address, at: b).text == "")
  }

  @Test("shows nothing of its text, its sender's key or its number")
  func hiding() throws {
    let sealed = try seal("a text that is long enough", id: 0x1234_5678_9ABC_DEF0, from: a, to: b.certificate)
    let secrets: [[UInt8]] = [
      Array("a text that".utf8), Array(a.certificate.encoded[20..<52]),
      [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0],
    ]
    for secret in secrets {
      for start in 0...sealed.count - secret.count { #expect(Array(sealed[start..<start + secret.count]) != secret) }
    }
  }

  @Test("is not opened by another recipient, nor as another sender's, nor by a later generation of the same key")
  func misdirected() throws {
    let c = try authority.device(0xC)
    let sealed = try seal("x", from: a, to: b.certificate)
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(sealed, from: a.address, at: c) }
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(sealed, from: c.address, at: b) }
    // The generation is bound even where the key is the same, which the server never certifies.
    let again = try authority.certificate(for: b.certificate.publicKey, device: 0xB, generation: 2)
    let later = try seal("x", from: a, to: again)
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(later, from: a.address, at: b) }
  }

  @Test("whose sender shows another's certificate, or claims another's address, is refused")
  func impostor() throws {
    let mallory = try authority.device(0xC)
    let body = Array("x".utf8)
    var message = [UInt8](repeating: 0, count: 1 + SealedMessage.overhead)
    // a's certificate under Mallory's key.
    let key = mallory.copyKeyA()
    var span = message.mutableBytes
    _ = try SealedMessage.seal(
      body.bytes, id: MessageID(1), from: key, certificate: a.certificate, to: b.certificate, into: &span)
    #expect(throws: DeviceError.credentials(.invalidSignature)) { try open(message, from: a.address, at: b) }

    // Mallory's own certificate, under a prologue that names a: what a changed program could send.
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .initiator)
    noise.setStatic(key)
    noise.setRemoteStatic(b.certificate.publicKey)
    let prologue = SchemesPrologue.sealed(from: a.address, to: b.address, generation: 1)
    try noise.start(prologue: prologue.bytes)
    let payload = mallory.certificate.encodedForHandshake + [0, 0, 0, 0, 0, 0, 0, 1] + body
    var place = message.mutableBytes
    _ = try noise.writeMessage(payload.bytes, into: &place)
    #expect(throws: DeviceError.subjectMismatch) { try open(message, from: a.address, at: b) }
  }

  @Test("with any bit turned, or any byte missing or added, is refused")
  func altered() throws {
    let sealed = try seal("x", from: a, to: b.certificate)
    for bit in 0..<sealed.count * 8 {
      #expect(throws: DeviceError.self, "bit \(bit)") { try open(flipping(bit, of: sealed), from: a.address, at: b) }
    }
    for length in 0..<sealed.count {
      #expect(throws: DeviceError.self) { try open(Array(sealed[..<length]), from: a.address, at: b) }
    }
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(sealed + [0], from: a.address, at: b) }
    #expect(try open(sealed, from: a.address, at: b).text == "x")
  }

  @Test("whose payload is too short to hold a certificate and a number is refused")
  func shortPayload() throws {
    let key = a.copyKeyA()
    for length in [0, 1, 83, 84, 91] {
      var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .initiator)
      noise.setStatic(key)
      noise.setRemoteStatic(b.certificate.publicKey)
      let prologue = SchemesPrologue.sealed(from: a.address, to: b.address, generation: 1)
      try noise.start(prologue: prologue.bytes)
      let payload = Array((a.certificate.encodedForHandshake + [0, 0, 0, 0, 0, 0, 0, 1]).prefix(length))
      var message = [UInt8](repeating: 0, count: 96 + length)
      var place = message.mutableBytes
      _ = try noise.writeMessage(payload.bytes, into: &place)
      #expect(throws: DeviceError.malformedRecord) { try open(message, from: a.address, at: b) }
    }
  }

  @Test("from a sender who is revoked, expired or of another system is refused")
  func untrusted() throws {
    let sealed = try seal("x", from: a, to: b.certificate)
    let other = try authority.device(0xA, system: 2)
    let foreign = try seal("x", from: other, to: b.certificate)
    #expect(throws: DeviceError.credentials(.foreignSystem(SystemID(2)))) {
      try open(foreign, from: other.address, at: b)
    }
    _ = try b.identity.receive(.policy(authority.policy(from: 2, to: 1)), over: .a)
    #expect(try open(foreign, from: other.address, at: b).text == "x")

    _ = try b.identity.receive(.revocation(authority.revocation(device: 0xA)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) { try open(sealed, from: a.address, at: b) }
    let c = try authority.device(0xC)
    let late = try seal("x", from: c, to: b.certificate)
    _ = try b.identity.receive(.epoch(authority.epoch(21)), over: .a)
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) {
      try open(late, from: c.address, at: b)
    }
  }

  @Test(
    "to a key that is being replaced opens until that key is overwritten, and to the next one from its certificate on")
  func rotation() throws {
    let old = try seal("old", from: a, to: b.certificate)
    try b.identity.beginRotation()
    let next = try authority.certificate(for: b.identity.renewalKey!, device: 0xB, generation: 2)
    try b.identity.install(next)
    let new = try seal("new", from: a, to: next)
    #expect(try open(old, from: a.address, at: b).text == "old")
    #expect(try open(new, from: a.address, at: b).text == "new")

    b.identity.confirmUse(of: .b)
    #expect(b.certificate == next)
    #expect(try open(old, from: a.address, at: b).text == "old")
    #expect(try open(new, from: a.address, at: b).text == "new")

    b.identity.retireOldKey()
    #expect(try open(new, from: a.address, at: b).text == "new")
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(old, from: a.address, at: b) }
  }

  @Test("has at most 64,000 bytes of text, and needs its room")
  func sizes() throws {
    #expect(throws: DeviceError.messageTooLong) {
      try seal(String(repeating: "x", count: 64_001), from: a, to: b.certificate)
    }
    let longest = String(repeating: "x", count: 64_000)
    let sealed = try seal(longest, from: a, to: b.certificate)
    #expect(sealed.count + Framing.maximumRecordOverhead <= Framing.maximumRecordLength)
    #expect(try open(sealed, from: a.address, at: b).text == longest)
    let body: [UInt8] = [1]
    var small = [UInt8](repeating: 0, count: SealedMessage.overhead)
    #expect(throws: DeviceError.noise(.bufferTooSmall(needed: SealedMessage.overhead + 1))) {
      var span = small.mutableBytes
      _ = try a.identity.seal(body.bytes, id: MessageID(1), to: b.certificate, into: &span)
    }
  }

  @Test("cannot be made or opened by a device without a certified key")
  func noKey() throws {
    let blank = TestDevice()
    #expect(throws: DeviceError.noUsableKey) { try seal("x", from: blank, to: b.certificate) }
    let sealed = try seal("x", from: a, to: b.certificate)
    #expect(throws: DeviceError.noUsableKey) { try open(sealed, from: a.address, at: blank) }
  }
}
