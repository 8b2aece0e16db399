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

@Suite("A channel from a device to an application")
struct ChannelTests {
  let authority = try! Authority()
  let a: TestDevice
  let application: TestDevice
  let first = MessageID(1 << 48 | 1)

  init() throws {
    a = try authority.device(0xA)
    application = try authority.application(0xB)
  }

  @Test("brings reports to the application, and requests to the device")
  func roundTrip() throws {
    let ends = try ChannelEnds(a, application)
    #expect(ends.opening.count == 180 && ends.ids.near == ends.ids.far)
    #expect(ends.farDevice == a.certificate.fields)
    for (text, wantsDone, request) in [("21.5", false, nil), ("", true, nil), ("done", false, 9 as RequestID?)] {
      let report = ends.near.report(first, wantsDone: wantsDone, request: request)
      let sealed = try ends.seal(Array(text.utf8), report)
      #expect(sealed.count == text.utf8.count + 16)
      #expect(try ends.open(sealed, ChannelEnds.notice(report, from: a.address)) == Array(text.utf8))
    }
    let (request, sealed) = try ends.request(Array("open".utf8), id: 7, flags: .waits)
    #expect(try ends.open(request, sealed) == Array("open".utf8))
  }

  @Test("takes 64,000 bytes of text, and needs its room")
  func sizes() throws {
    let ends = try ChannelEnds(a, application)
    let longest = [UInt8](repeating: 1, count: Message.maximumLength)
    let report = ends.near.report(first, request: 1)
    let sealed = try ends.seal(longest, report)
    #expect(QueueNotice.Report.overhead + 8 + sealed.count <= Framing.maximumRecordLength)
    #expect(try ends.open(sealed, ChannelEnds.notice(report, from: a.address)) == longest)
    #expect(throws: DeviceError.messageTooLong) { try ends.seal(longest + [1], report) }
    #expect(throws: DeviceError.messageTooLong) { _ = try ends.request(longest + [1], id: 1) }
    var small = [UInt8](repeating: 0, count: 16)
    let text: [UInt8] = [1]
    #expect(throws: DeviceError.noise(.bufferTooSmall(needed: 17))) {
      var span = small.mutableBytes
      _ = try ends.near.seal(text.bytes, as: report, into: &span)
    }
    #expect(throws: DeviceError.noise(.bufferTooSmall(needed: 180))) {
      var span = small.mutableBytes
      _ = try a.identity.open(&ends.near, to: application.certificate, into: &span)
    }
  }

  @Test("is not opened by another application, as another device's, or with another key of the application")
  func misdirected() throws {
    let ends = try ChannelEnds(a, application)
    let other = try authority.application(0xC)
    var far = ApplicationChannel()
    let sent = ends.opening
    func open(_ reader: TestDevice, from device: DeviceAddress, generation: Generation = 1) throws(DeviceError) {
      try reader.identity.open(sent.bytes, from: device, generation: generation, into: &far)
    }
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(other, from: a.address) }
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try open(application, from: other.address) }
    #expect(throws: DeviceError.channel(.unknownKey)) { try open(application, from: a.address, generation: 2) }
    let isOpen = far.isOpen
    #expect(!isOpen)
    // The generation is bound even where the key is the same, which the server never certifies.
    let later = try authority.certificate(
      for: application.certificate.publicKey, device: 0xB, generation: 2, isApplication: true)
    var opening = [UInt8](repeating: 0, count: 180)
    var span = opening.mutableBytes
    _ = try a.identity.open(&ends.near, to: later, into: &span)
    #expect(throws: DeviceError.noise(.decryptionFailed)) {
      try application.identity.open(opening.bytes, from: a.address, generation: 1, into: &far)
    }
  }

  @Test("opens with the application's old key and the new one, until the old one is overwritten")
  func rotation() throws {
    let old = try ChannelEnds(a, application)
    try application.identity.beginRotation()
    let next = try authority.certificate(
      for: application.identity.renewalKey!, device: 0xB, generation: 2, isApplication: true)
    try application.identity.install(next)
    #expect(!old.isCurrent(next, a.certificate))
    application.identity.confirmUse(of: .b)
    try old.rebuild()
    let new = try ChannelEnds(a, application)
    #expect(new.generation == 2)
    application.identity.retireOldKey()
    try new.rebuild()
    #expect(throws: DeviceError.channel(.unknownKey)) { try old.rebuild() }
  }

  @Test("of someone who shows another's certificate, an application's, or none of the payload's length is refused")
  func impostors() throws {
    let mallory = try authority.device(0xC)
    let key = mallory.copyKeyA()
    let peer = try authority.application(0xD)
    func open(_ payload: [UInt8], from address: DeviceAddress) throws {
      var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.X, role: .initiator)
      noise.setStatic(key)
      noise.setRemoteStatic(application.certificate.publicKey)
      let prologue = SchemesPrologue.channel(from: address, to: application.address, generation: 1)
      try noise.start(prologue: prologue.bytes)
      let opening = try noise.writeMessage(payload)
      var far = ApplicationChannel()
      try application.identity.open(opening.bytes, from: address, generation: 1, into: &far)
    }
    let own = mallory.certificate.encodedForHandshake
    try open(own, from: mallory.address)
    #expect(throws: DeviceError.credentials(.invalidSignature)) {
      try open(a.certificate.encodedForHandshake, from: a.address)
    }
    #expect(throws: DeviceError.subjectMismatch) { try open(own, from: a.address) }
    #expect(throws: DeviceError.subjectMismatch) {
      try open(peer.certificate.encodedForHandshake, from: peer.address)
    }
    #expect(throws: DeviceError.malformedRecord) { try open(own + [0], from: mallory.address) }
    for length in [0, 1, 83] {
      #expect(throws: DeviceError.self) { try open(Array(own[..<length]), from: mallory.address) }
    }
  }

  @Test("of a device that is revoked, expired or of another system is refused")
  func untrusted() throws {
    let ends = try ChannelEnds(a, application)
    try application.identity.check(ends.far)
    _ = try application.identity.receive(.revocation(authority.revocation(device: 0xA)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) { try ends.rebuild() }
    #expect(!ends.isFarOpen)
    #expect(throws: DeviceError.channel(.notOpen)) { try application.identity.check(ends.far) }

    let b = try ChannelEnds(authority.device(0xE), application)
    _ = try application.identity.receive(.epoch(authority.epoch(21)), over: .a)
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) {
      try application.identity.check(b.far)
    }
    #expect(throws: DeviceError.credentials(.expired(lastEpoch: 20, current: 21))) { try b.rebuild() }
  }

  @Test("is opened only to what is certified as an application of the device's system")
  func otherSubjects() throws {
    let foreign = try authority.application(0xB, system: 2)
    let device = try authority.device(0xF)
    var channel = DeviceChannel()
    for certificate in [foreign.certificate, device.certificate] {
      #expect(throws: DeviceError.channel(.notAnApplication)) { try a.identity.verify(application: certificate) }
      var opening = [UInt8](repeating: 0, count: 180)
      #expect(throws: DeviceError.channel(.notAnApplication)) {
        var span = opening.mutableBytes
        _ = try a.identity.open(&channel, to: certificate, into: &span)
      }
    }
    try a.identity.verify(application: application.certificate)
    let forged = try Authority(seed: 7).application(0xB).certificate
    #expect(throws: DeviceError.self) { try a.identity.verify(application: forged) }
    _ = try a.identity.receive(.revocation(authority.revocation(device: 0xB)), over: .a)
    #expect(throws: DeviceError.credentials(.revoked(generation: 1))) {
      try a.identity.verify(application: application.certificate)
    }
  }

  @Test("has to be opened anew with the epoch, with another certificate at either end, and with the eighth instance")
  func current() throws {
    let ends = try ChannelEnds(a, application)
    func isCurrent(_ own: Certificate, epoch: Epoch = 10) -> Bool {
      ends.isCurrent(application.certificate, own, epoch: epoch)
    }
    #expect(isCurrent(a.certificate))
    #expect(!isCurrent(a.certificate, epoch: 11))
    let renewed = try authority.certificate(for: a.certificate.publicKey, device: 0xA, lastEpoch: 21)
    #expect(!isCurrent(renewed))
    let next = try authority.certificate(for: a.certificate.publicKey, device: 0xA, generation: 2)
    #expect(!isCurrent(next))
    #expect(!ends.isCurrent(try authority.application(0xC).certificate, a.certificate))
    for number in 1...8 {
      #expect(isCurrent(a.certificate))
      ends.instance = ApplicationInstance()
      try ends.near.accept(ends.request([], id: RequestID(number)).0)
    }
    #expect(!isCurrent(a.certificate))
    ends.instance = ApplicationInstance()
    let (request, sealed) = try ends.request([], id: 9)
    #expect(throws: DeviceError.channel(.tooManyInstances)) { try ends.open(request, sealed) }
    #expect(throws: DeviceError.channel(.tooManyInstances)) { try ends.near.accept(request) }
    try ends.open()
    #expect(isCurrent(a.certificate))
  }

  @Test("takes no number of a later key, at neither end")
  func laterNumbers() throws {
    let ends = try ChannelEnds(a, application)
    let report = ends.near.report(MessageID(2 << 48))
    #expect(throws: DeviceError.channel(.outdated)) { try ends.seal([1], report) }
    #expect(throws: DeviceError.notTaken(.impossibleNumber)) {
      try ends.open([UInt8](repeating: 0, count: 17), ChannelEnds.notice(report, from: a.address))
    }
    ends.near.wipe()
    #expect(throws: DeviceError.channel(.notOpen)) { try ends.seal([1], report) }
  }

  @Test("gives both ends one key for a suspended session, and the device only once")
  func wakeKeys() throws {
    let ends = try ChannelEnds(a, application)
    let session = Bytes<8>()
    var key = SecretBytes<32>()
    try ends.near.takeWakeKey(session: session, into: &key)
    #expect(try ends.isAgreed(session, key))
    var other = session
    other[0] = 1
    #expect(try !ends.isAgreed(other, key))
    #expect(throws: DeviceError.channel(.outdated)) { try ends.near.takeWakeKey(session: session, into: &key) }
  }
}
