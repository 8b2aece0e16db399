// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import Schemes
import Testing

@Suite("A device's session with the server")
struct ServerLinkTests {
  /// A session that is open, and the server's keys for it.
  private final class Open {
    var link = ServerLink(scheme: .certified)
    var keys = SessionKeys()

    init(_ device: TestDevice, _ authority: Authority) throws {
      var hello = [UInt8](repeating: 0, count: 200)
      var span = hello.mutableBytes
      let length = try link.writeHello(device.identity, into: &span)
      var responder = Responder(.certified)
      let frame = Array(hello[..<length])
      _ = try responder.readHello(frame.bytes, key: authority.handshakeKey)
      var reply = [UInt8](repeating: 0, count: 48)
      var place = reply.mutableBytes
      _ = try responder.writeReply(into: &place, keys: &keys)
      try link.readReply(reply.bytes)
    }

    func fromServer(_ record: borrowing ServerRecord) throws -> [UInt8] {
      var frame = [UInt8](repeating: 0, count: record.encodedLength + tagLength)
      var span = frame.mutableBytes
      _ = record.encode(into: &span)
      try keys.sending.encrypt(inPlace: &span)
      return frame
    }

    /// The type byte of the record in `frame`.
    func open(_ frame: [UInt8]) throws(DeviceError) -> UInt8 {
      var frame = frame
      var span = frame.mutableBytes
      return RecordSamples.encode(try link.open(&span))[0]
    }
  }

  let authority = try! Authority()

  @Test("seals what the server opens, and the other way round")
  func records() throws {
    let session = try Open(authority.device(0xA), authority)
    #expect(session.link.slot == .a && session.link.isEstablished)
    for sample in RecordSamples.deviceRecords() {
      var frame = [UInt8](repeating: 0, count: sample.count + tagLength)
      var span = frame.mutableBytes
      let length = try session.link.seal(DeviceRecord(decoding: sample.bytes), into: &span)
      #expect(length == sample.count + tagLength)
      try session.keys.receiving.decrypt(inPlace: &span)
      #expect(Array(frame.dropLast(tagLength)) == sample)
    }
    for sample in try RecordSamples.serverRecords(authority) {
      let frame = try session.fromServer(ServerRecord(decoding: sample.bytes))
      #expect(try session.open(frame) == sample[0])
    }
  }

  @Test("refuses altered, replayed and swapped frames, and reads the next right one")
  func altered() throws {
    let session = try Open(authority.device(0xA), authority)
    let first = try session.fromServer(.rotate)
    let second = try session.fromServer(.caughtUp)
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try session.open(second) }
    for bit in 0..<first.count * 8 {
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try session.open(flipping(bit, of: first)) }
    }
    for length in 0..<first.count {
      #expect(throws: DeviceError.self) { try session.open(Array(first[..<length])) }
    }
    #expect(try session.open(first) == 0x88)
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try session.open(first) }
    #expect(try session.open(second) == 0x8C)
  }

  @Test("does nothing before it is open, without a key, or beyond a frame")
  func misuse() throws {
    let device = try authority.device(0xA)
    var link = ServerLink(scheme: .certified)
    var frame = [UInt8](repeating: 0, count: 70_000)
    var span = frame.mutableBytes
    #expect(link.isEstablished == false)
    do {
      _ = try link.seal(.ping, into: &span)
      Issue.record("sealed without a key")
    } catch { #expect(error == .noise(.outOfTurn)) }
    do {
      _ = try link.writeHello(TestDevice().identity, into: &span)
      Issue.record("began without a key")
    } catch { #expect(error == .noUsableKey) }

    let session = try Open(device, authority)
    let body = [UInt8](repeating: 0, count: 65_535)
    #expect(throws: DeviceError.messageTooLong) {
      var span = frame.mutableBytes
      _ = try session.link.seal(.frame(to: device.address, session: 0, body.bytes), into: &span)
    }
    var small = [UInt8](repeating: 0, count: 16)
    #expect(throws: DeviceError.noise(.bufferTooSmall(needed: 17))) {
      var span = small.mutableBytes
      _ = try session.link.seal(.ping, into: &span)
    }
  }

  @Test("with a device file whose scheme it does not run is an error")
  func scheme() throws {
    let device = try authority.device(0xA, scheme: .sharedKey)
    var link = ServerLink(scheme: device.identity.scheme)
    var frame = [UInt8](repeating: 0, count: 200)
    var span = frame.mutableBytes
    do {
      _ = try link.writeHello(device.identity, into: &span)
      Issue.record("began")
    } catch { #expect(error == .schemes(.unexpectedScheme(1))) }
  }
}
