// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Schemes
import Testing
import Wire

@Suite("The interface for C")
struct CInterfaceTests {
  let authority = try! Authority()

  private func device() throws -> (TestDevice, CDevice) {
    let device = try authority.device(0xA)
    device.save()
    return (device, CDevice(device.stored))
  }

  @Test("has the sizes of the modules behind it")
  func sizes() {
    #expect(COUNTERSIGN_STORED_SIZE == DeviceIdentity.encodedLength)
    #expect(COUNTERSIGN_HANDSHAKE_SIZE == Initiator.maximumHelloLength)
    #expect(COUNTERSIGN_OVERHEAD == tagLength)
    #expect(COUNTERSIGN_EPHEMERAL_SIZE == EphemeralKey.encodedLength)
    #expect(countersign_context_size() <= MemoryLayout<countersign_context>.size)
  }

  @Test("changes a key over two sessions, with everything stored before it is sent")
  func rotation() throws {
    let (device, c) = try device()
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    server.ordersRotation = true
    #expect(c.load() == COUNTERSIGN_OK)
    var sessions = 0
    var isCaughtUp = false
    while !isCaughtUp && sessions < 3 {
      sessions += 1
      let reply = try #require(server.answer(c.handshake()))
      var frames = try server.receive(c.handshake(reply))
      #expect(countersign_is_open(c.context) == 1)
      while !frames.isEmpty {
        let record = try c.open(frames.removeFirst())
        isCaughtUp = record == [0x8C] && sessions == 2
        let (wantsRotation, wantsReconnect) = (c.has(COUNTERSIGN_ROTATE), c.has(COUNTERSIGN_RECONNECT))
        if c.has(COUNTERSIGN_STORE) { try c.store() }
        if wantsRotation {
          let frame = try c.rotate()
          if c.has(COUNTERSIGN_STORE) { try c.store() }
          frames += try server.receive(frame)
        }
        if wantsReconnect { break }
      }
      countersign_close(c.context)
      #expect(countersign_is_open(c.context) == 0)
    }
    let after = TestDevice()
    try after.identity.load(c.stored.bytes)
    #expect(sessions == 2 && after.certificate.fields.generation == 2)
    #expect(after.certificate.publicKey == server.current.key)
  }

  @Test("opens a session with an ephemeral key made ahead, and only one")
  func ephemeralAhead() throws {
    let (device, c) = try device()
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    #expect(c.load() == COUNTERSIGN_OK)
    var ephemeral = [UInt8](repeating: 0, count: Int(COUNTERSIGN_EPHEMERAL_SIZE))
    #expect(countersign_make_ephemeral(&ephemeral, ephemeral.count - 1) == COUNTERSIGN_BUFFER_TOO_SMALL)
    #expect(countersign_make_ephemeral(&ephemeral, ephemeral.count) == COUNTERSIGN_OK)
    let expected = Array(ephemeral[32..<64])
    let hello = try c.handshake(with: &ephemeral)
    #expect(Array(hello[1..<33]) == expected && ephemeral.allSatisfy { $0 == 0 })
    let reply = try #require(server.answer(hello))
    _ = try server.receive(c.handshake(reply))
    #expect(countersign_is_open(c.context) == 1)
    #expect(throws: CError(code: Int(COUNTERSIGN_CORRUPT))) { try c.handshake(with: &ephemeral) }
  }

  @Test("asked again for what it has, an identity-based device shows the key and makes no second request")
  func requestedTwice() throws {
    let device = try authority.device(0xB, scheme: .identityBased)
    device.save()
    let c = CDevice(device.stored)
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    server.ordersRotation = true
    #expect(c.load() == COUNTERSIGN_OK)
    let reply = try #require(server.answer(c.handshake()))
    let frames = try server.receive(c.handshake(reply))
    let orders = try frames.map { frame in
      _ = try c.open(frame)
      return c.has(COUNTERSIGN_ROTATE)
    }
    #expect(orders == [false, true, false])
    let requests = try [c.rotate(), c.rotate()]
    #expect(c.has(COUNTERSIGN_STORE))
    let answers = try requests.flatMap { try server.receive($0) }
    let next = try #require(server.next)
    _ = try c.open(answers[0])
    #expect(c.has(COUNTERSIGN_RECONNECT) && next.generation == 2)
    _ = try server.receive(c.rotate())
    #expect(server.next?.key == next.key && server.next?.generation == 2)
  }

  @Test("falls back to the key in use when the server has forgotten the next one")
  func fallsBack() throws {
    let (device, c) = try device()
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    server.ordersRotation = true
    #expect(c.load() == COUNTERSIGN_OK)
    #expect(countersign_fall_back(c.context) == COUNTERSIGN_NO_KEY)
    #expect(try server.answer(c.handshake()) != nil)
    #expect(countersign_fall_back(c.context) == COUNTERSIGN_NO_KEY)
    let first = try #require(server.answer(c.handshake()))
    var frames = try server.receive(c.handshake(first))
    _ = try frames.map { try c.open($0) }
    frames = try server.receive(c.rotate())
    _ = try c.open(frames[0])
    #expect(c.has(COUNTERSIGN_RECONNECT))
    server.forgetNextKey()
    // The connection closes without an answer, or with one that is not the server's: that proves nothing.
    _ = try c.handshake()
    countersign_close(c.context)
    #expect(countersign_fall_back(c.context) == COUNTERSIGN_NO_KEY)
    let forged = try #require(server.answer(c.handshake()))
    #expect(forged.count == SchemeID.certified.row.refusalLength)
    for bit in 0..<forged.count * 8 {
      #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try c.handshake(flipping(bit, of: forged)) }
      #expect(countersign_fall_back(c.context) == COUNTERSIGN_NO_KEY && countersign_refusal(c.context) == 0)
    }
    // The server's own word does.
    #expect(throws: CError(code: COUNTERSIGN_KEY_REFUSED)) { try c.handshake(forged) }
    #expect(countersign_refusal(c.context) == COUNTERSIGN_REFUSAL_UNKNOWN_KEY)
    countersign_close(c.context)
    #expect(countersign_fall_back(c.context) == COUNTERSIGN_OK)
    let reply = try #require(server.answer(c.handshake()))
    _ = try server.receive(c.handshake(reply))
    #expect(countersign_is_open(c.context) == 1 && countersign_refusal(c.context) == 0)
    // Only once: the session after it shows the next key again.
    let again = try #require(server.answer(c.handshake()))
    #expect(throws: CError(code: COUNTERSIGN_KEY_REFUSED)) { try c.handshake(again) }
  }

  @Test("told to come later, shows the same key again and does not fall back")
  func triesLater() throws {
    let (device, c) = try device()
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    server.ordersRotation = true
    #expect(c.load() == COUNTERSIGN_OK)
    let first = try #require(server.answer(c.handshake()))
    _ = try server.receive(c.handshake(first)).map { try c.open($0) }
    _ = try c.open(server.receive(c.rotate())[0])
    countersign_close(c.context)
    _ = try c.handshake()
    #expect(throws: CError(code: COUNTERSIGN_TRY_LATER)) { try c.handshake([Framing.tryLater]) }
    // The connection closes after it.
    #expect(countersign_fall_back(c.context) == COUNTERSIGN_NO_KEY)
    countersign_close(c.context)
    let reply = try #require(server.answer(c.handshake()))
    _ = try server.receive(c.handshake(reply))
    #expect(countersign_is_open(c.context) == 1 && server.current.generation == 2)
  }

  @Test("seals what the server opens")
  func seal() throws {
    let (device, c) = try device()
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    _ = c.load()
    let reply = try #require(server.answer(c.handshake()))
    for frame in try server.receive(c.handshake(reply)) { _ = try c.open(frame) }
    server.mail = [1]
    // `delivered` for the mail above: the server takes it out of the mailbox.
    var record = [UInt8](repeating: 0, count: 21)
    record[0] = 0x05
    #expect(try server.receive(c.seal(record)).isEmpty)
    #expect(server.mail == nil)
    #expect(throws: CError(code: COUNTERSIGN_MALFORMED)) { try c.seal([0x99]) }
    #expect(throws: CError(code: COUNTERSIGN_BUFFER_TOO_SMALL)) { try c.seal(record, capacity: 36) }
  }

  @Test("says what is wrong")
  func errors() throws {
    let (device, c) = try device()
    #expect(c.load(size: countersign_context_size() - 1) == COUNTERSIGN_BAD_CONTEXT)
    let torn = CDevice(flipping(999, of: device.stored))
    #expect(torn.load() == COUNTERSIGN_CORRUPT)
    #expect(throws: CError(code: COUNTERSIGN_NO_KEY)) { try torn.handshake() }
    #expect(c.load() == COUNTERSIGN_OK)
    #expect(throws: CError(code: COUNTERSIGN_OUT_OF_TURN)) { try c.rotate() }
    #expect(throws: CError(code: COUNTERSIGN_OUT_OF_TURN)) { try c.open([UInt8](repeating: 0, count: 17)) }
    #expect(throws: CError(code: COUNTERSIGN_BUFFER_TOO_SMALL)) { try c.handshake(capacity: 100) }
    let server = SimulatedServer(authority, device, mailFrom: device.address)
    let reply = try #require(server.answer(c.handshake()))
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try c.handshake(flipping(300, of: reply)) }
    // A forged answer costs nothing: the real one still opens the session.
    let frames = try server.receive(c.handshake(reply))
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try c.open(flipping(3, of: frames[0])) }
  }
}
