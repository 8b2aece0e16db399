// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Schemes
import TestSupport
import Testing
import Wire

@Suite("Nothing is allocated", .enabled(if: Allocations.canBeCounted, "a sanitizer has malloc for itself"))
struct AllocationTests {
  let authority = try! Authority()

  /// The second run's count: the first pays what happens once in a process.
  private func count(_ body: () throws(DeviceError) -> Void) throws -> Int {
    _ = try Allocations.count(body)
    return try Allocations.count(body)
  }

  @Test("by a session with the server that seals and opens a message")
  func serverLink() throws {
    let device = try authority.device(0xA)
    let other = try authority.device(0xB)
    let link = Box(ServerLink(scheme: .certified))
    let server = Box(SessionKeys())
    var hello = [UInt8](repeating: 0, count: 181)
    var span = hello.mutableBytes
    _ = try link.value.writeHello(device.identity, into: &span)
    var responder = Responder(.certified)
    _ = try responder.readHello(hello.bytes, key: authority.handshakeKey)
    var reply = [UInt8](repeating: 0, count: 48)
    var place = reply.mutableBytes
    _ = try responder.writeReply(into: &place, keys: &server.value)
    try link.value.readReply(reply.bytes)

    let to = other.address
    let body = [UInt8](repeating: 7, count: 300)
    var frame = [UInt8](repeating: 0, count: 512)
    let allocations = try count { () throws(DeviceError) in
      var span = frame.mutableBytes
      let length = try link.value.seal(.frame(to: to, session: 1, body.bytes), into: &span)
      var message = span.prefix(length)
      do throws(NoiseError) {
        try server.value.receiving.decrypt(inPlace: &message)
        _ = ServerRecord.frame(from: to, session: 1, body.bytes).encode(into: &message)
        try server.value.sending.encrypt(inPlace: &message)
      } catch { throw .noise(error) }
      guard case .frame = try link.value.open(&message) else { throw .malformedRecord }
    }
    #expect(allocations == 0)
  }

  @Test("by a session between devices that seals and opens a message, nor by its handshake", arguments: [true, false])
  func peerSession(isDirect: Bool) throws {
    let a = try authority.device(0xA)
    let b = try authority.device(0xB)
    let certificate = b.certificate
    var frame = [UInt8](repeating: 0, count: 512)
    let text = Array("a message".utf8)
    let allocations = try count { () throws(DeviceError) in
      var first = isDirect ? PeerSession(direct: .initiator) : PeerSession(relayed: .initiator, peer: certificate)
      var second = isDirect ? PeerSession(direct: .responder) : PeerSession(relayed: .responder)
      try first.start(a.identity, other: isDirect ? nil : b.address)
      try second.start(b.identity, other: isDirect ? nil : a.address)
      var span = frame.mutableBytes
      while !(first.isEstablished && second.isEstablished) {
        if first.isMyTurn {
          let length = try first.writeHandshake(a.identity, into: &span)
          try second.readHandshake(span.bytes.extracting(0..<length), trust: b.identity.trust)
        } else {
          let length = try second.writeHandshake(b.identity, into: &span)
          try first.readHandshake(span.bytes.extracting(0..<length), trust: a.identity.trust)
        }
      }
      let length = try first.seal(.message(MessageID(1), text.bytes), into: &span)
      var message = span.prefix(length)
      guard case .message = try second.open(&message) else { throw .malformedRecord }
    }
    #expect(allocations == 0)
  }

  @Test("by sealing and opening a message for a device that is asleep")
  func sealedMessage() throws {
    let a = try authority.device(0xA)
    let b = try authority.device(0xB)
    let certificate = b.certificate
    let sender = a.address
    let text = Array("a message".utf8)
    var sealed = [UInt8](repeating: 0, count: 512)
    var opened = [UInt8](repeating: 0, count: 512)
    let allocations = try count { () throws(DeviceError) in
      var span = sealed.mutableBytes
      let length = try a.identity.seal(text.bytes, id: MessageID(1), to: certificate, into: &span)
      var place = opened.mutableBytes
      _ = try b.identity.open(span.bytes.extracting(0..<length), from: sender, into: &place)
    }
    #expect(allocations == 0)
  }

  @Test("by opening a channel to an application, at both ends, nor by its reports and requests")
  func channel() throws {
    let device = try authority.device(0xA)
    let application = try authority.application(0xB)
    let certificate = application.certificate
    let address = device.address
    let channel = Box(DeviceChannel())
    let far = Box(ApplicationChannel())
    let instance = Box(ApplicationInstance())
    let text = Array("a message".utf8)
    var opening = [UInt8](repeating: 0, count: DeviceChannel.maximumOpeningLength)
    var sealed = [UInt8](repeating: 0, count: 64)
    var opened = [UInt8](repeating: 0, count: 64)
    var flash = [UInt8](repeating: 0, count: DeviceChannel.encodedLength)
    let allocations = try count { () throws(DeviceError) in
      var span = opening.mutableBytes
      let length = try device.identity.open(&channel.value, to: certificate, into: &span)
      try application.identity.open(
        span.bytes.extracting(0..<length), from: address, generation: 1, into: &far.value)
      var place = sealed.mutableBytes
      var out = opened.mutableBytes
      let report = channel.value.report(MessageID(1 << 48 | 7))
      var written = try channel.value.seal(text.bytes, as: report, into: &place)
      _ = try far.value.open(
        place.bytes.extracting(0..<written),
        of: QueueNotice.Report(
          sequence: 1, device: address, milliseconds: 0, attempt: 1, channel: report.channel, id: report.id), into: &out
      )
      let request = try far.value.seal(text.bytes, as: 9, seconds: 60, by: &instance.value, into: &place)
      written = request.length
      let notice = ChannelNotice.Request(
        application: certificate.fields.device, channel: request.0.channel, request: 9, flags: [],
        instance: request.0.instance, counter: request.0.counter, secondsLeft: 60)
      _ = try channel.value.open(place.bytes.extracting(0..<written), of: notice, into: &out)
      try channel.value.accept(notice)
      var target = flash.mutableBytes
      channel.value.encode(into: &target)
      try channel.value.load(target.bytes)
    }
    #expect(allocations == 0)
  }

  @Test("by loading and writing the device file, and by the steps of a rotation")
  func deviceFile() throws {
    let device = try authority.device(0xA)
    let flash = device.stored
    var target = flash
    let allocations = try count { () throws(DeviceError) in
      try device.identity.load(flash.bytes)
      try device.identity.beginRotation()
      _ = try device.identity.nextMessageID()
      var span = target.mutableBytes
      device.identity.encode(into: &span)
    }
    #expect(allocations == 0)
  }

  private final class Box<Value: ~Copyable> {
    var value: Value
    init(_ value: consuming Value) { self.value = value }
  }
}
