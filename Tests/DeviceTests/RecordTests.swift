// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Testing
import Wire

@Suite("Records")
struct RecordTests {
  let authority = try! Authority()

  @Test("come back as they were written, all types of them")
  func roundTrip() throws {
    for bytes in RecordSamples.deviceRecords() { #expect(try RecordSamples.deviceRoundTrip(bytes) == bytes) }
    for bytes in try RecordSamples.serverRecords(authority) {
      #expect(try RecordSamples.serverRoundTrip(bytes) == bytes)
    }
    for bytes in RecordSamples.peerRecords() { #expect(try RecordSamples.peerRoundTrip(bytes) == bytes) }
    #expect(
      Set(RecordSamples.deviceRecords().map(\.[0])) == Set(Array(0x01...0x0B) + RecordSamples.applicationDeviceTypes))
    #expect(
      Set(try RecordSamples.serverRecords(authority).map(\.[0]))
        == Set(Array(0x81...0x96) + RecordSamples.applicationServerTypes))
  }

  @Test("say what was put into them")
  func content() throws {
    let hello = RecordSamples.deviceRecords()[1]
    guard case .hello(let got) = try DeviceRecord(decoding: hello.bytes) else { return #expect(Bool(false)) }
    #expect(got == DeviceRecord.Hello(listens: true, epoch: .max, revocationSequence: .max))
    let deposit = RecordSamples.deviceRecords()[6]
    guard case .deposit(let to, 3, MessageID(42), let body) = try DeviceRecord(decoding: deposit.bytes) else {
      return #expect(Bool(false))
    }
    let bytes = [UInt8](copying: body)
    #expect(to == RecordSamples.address && bytes == RecordSamples.body)
  }

  @Test("cut short, or with a byte too many where no body follows, are refused")
  func lengths() throws {
    let bodies: Set<UInt8> = [0x02, 0x04, 0x08, 0x10, 0x11, 0x1B, 0x82, 0x86, 0x8F, 0x90, 0xA4, 0xA5, 0xA7]
    for bytes in RecordSamples.deviceRecords() {
      let fixed = bytes.count - (bodies.contains(bytes[0]) ? 2 : 0)
      // A proof may be left out of `renew`.
      // The sequences of `done` may be fewer.
      for length in 0..<fixed
      where (bytes[0] != 0x06 || length != 33) && (bytes[0] != 0x19 || length % 8 != 1 || length == 1) {
        #expect { try RecordSamples.deviceRoundTrip(Array(bytes[..<length])) } throws: { isWrongLength($0) }
      }
      guard fixed == bytes.count else { continue }
      #expect { try RecordSamples.deviceRoundTrip(bytes + [0]) } throws: { isWrongLength($0) }
    }
    for bytes in try RecordSamples.serverRecords(authority) {
      let fixed = bytes.count - (bodies.contains(bytes[0]) ? 2 : 0)
      // A certificate may be left out of `peer`.
      // A name has any length from 1.
      for length in 0..<fixed where (bytes[0] != 0x83 || length != 14) && (bytes[0] != 0xA0 || length < 119) {
        #expect { try RecordSamples.serverRoundTrip(Array(bytes[..<length])) } throws: { isWrongLength($0) }
      }
      guard fixed == bytes.count, bytes[0] != 0xA0 else { continue }
      // What follows `peer` without a certificate is read as one.
      let isRead = bytes[0] == 0x83 && bytes.count == 14
      #expect { try RecordSamples.serverRoundTrip(bytes + [0]) } throws: {
        isRead ? $0 as? WireError == .unknownVersion(0) : isWrongLength($0)
      }
    }
  }

  @Test("of an unknown type, or of the other side's, are refused")
  func types() throws {
    for type in UInt8.min ... .max {
      let bytes = [type] + [UInt8](repeating: 0, count: 40)
      if !(0x01...0x0B).contains(type), !RecordSamples.applicationDeviceTypes.contains(type) {
        #expect(throws: WireError.unexpectedKind(type)) { try RecordSamples.deviceRoundTrip(bytes) }
      }
      if !(0x81...0x96).contains(type), !RecordSamples.applicationServerTypes.contains(type) {
        #expect(throws: WireError.unexpectedKind(type)) { try RecordSamples.serverRoundTrip(bytes) }
      }
      if !(0x01...0x03).contains(type) {
        #expect(throws: WireError.unexpectedKind(type)) { try RecordSamples.peerRoundTrip(bytes) }
      }
    }
  }

  @Test("with values that mean nothing yet are refused")
  func reserved() throws {
    var hello = RecordSamples.deviceRecords()[0]
    var welcome = try RecordSamples.serverRecords(authority)[0]
    for flags: UInt8 in 2 ... .max {
      hello[1] = flags
      if flags > 7 {
        #expect(throws: WireError.reservedFlags(flags)) { try RecordSamples.deviceRoundTrip(hello) }
      }
      welcome[5] = flags
      #expect(throws: WireError.reservedFlags(flags)) { try RecordSamples.serverRoundTrip(welcome) }
    }
    var peer = try RecordSamples.serverRecords(authority)[3]
    peer[13] = 3
    #expect(throws: WireError.invalidValue) { try RecordSamples.serverRoundTrip(peer) }
    var refused = RecordSamples.encode(.refused(MessageID(42), .unavailable))
    for refusal: UInt8 in [0, 9, 255] {
      refused[9] = refusal
      #expect(throws: WireError.invalidValue) { try RecordSamples.serverRoundTrip(refused) }
    }
  }

  @Test("survive 100,000 bad inputs each, and none is read otherwise than it is written")
  func badInput() throws {
    fuzz("device records", RecordSamples.deviceRecords(), RecordSamples.deviceRoundTrip)
    try fuzz("server records", RecordSamples.serverRecords(authority), RecordSamples.serverRoundTrip)
    fuzz("peer records", RecordSamples.peerRecords(), RecordSamples.peerRoundTrip)
  }

  private func fuzz(
    _ name: String, _ samples: [[UInt8]], _ roundTrip: ([UInt8]) throws(WireError) -> [UInt8]
  ) {
    var accepted = 0
    BadInput.forEach(name, like: samples) { input in
      do throws(WireError) {
        let again = try roundTrip(input)
        accepted += 1
        if again != input { Issue.record("\(name): read otherwise than written: \(input)") }
      } catch {}
    }
    #expect(accepted > 10_000)
  }
}

private func isWrongLength(_ error: any Error) -> Bool {
  if case WireError.wrongLength = error { true } else { false }
}
