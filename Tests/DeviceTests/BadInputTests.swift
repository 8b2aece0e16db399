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

/// Frames against 100,000 inputs each: an error, and the session goes on.
@Suite("Bad frames")
struct BadFrameTests {
  let authority = try! Authority()

  @Test func peerHandshakes() throws {
    let a = try authority.device(0xA)
    let b = try authority.device(0xB)
    let (first, second) = try Talker.relayed(a, b)
    let right = try first.write()
    BadInput.forEach("peer handshakes", like: [right]) { input in
      guard input != right else { return }
      do throws(DeviceError) {
        try second.read(input)
        Issue.record("accepted: \(input)")
      } catch {}
    }
    try second.read(right)
  }

  @Test func peerFrames() throws {
    let pair = try Talker.direct(authority.device(0xA), authority.device(0xB))
    try Talker.finish(pair)
    let right = try pair.0.seal("right")
    BadInput.forEach("peer frames", like: [right]) { input in
      guard input != right else { return }
      do throws(DeviceError) {
        _ = try pair.1.open(input)
        Issue.record("accepted: \(input)")
      } catch {}
    }
    #expect(try pair.1.open(right) == "right")
  }

  @Test func sealedMessages() throws {
    let a = try authority.device(0xA)
    let b = try authority.device(0xB)
    let body = Array("right".utf8)
    var right = [UInt8](repeating: 0, count: body.count + SealedMessage.overhead)
    var span = right.mutableBytes
    _ = try a.identity.seal(body.bytes, id: MessageID(1), to: b.certificate, into: &span)
    var text = [UInt8](repeating: 0, count: 1024)
    BadInput.forEach("sealed messages", like: [right]) { input in
      guard input != right else { return }
      do throws(DeviceError) {
        var place = text.mutableBytes
        _ = try b.identity.open(input.bytes, from: a.address, into: &place)
        Issue.record("accepted: \(input)")
      } catch {}
    }
  }

  /// What a dishonest server, or one with a bug, could send inside the session.
  @Test func ordersOfTheServer() throws {
    let device = try authority.device(0xA)
    let samples = try RecordSamples.serverRecords(authority)
    BadInput.forEach("orders", like: samples) { input in
      do { _ = try device.identity.receive(ServerRecord(decoding: input.bytes), over: .a) } catch {}
    }
    // Whatever came, nothing unsigned was believed, and the key in use is the one of the beginning.
    #expect(device.identity.trust.epoch <= 11 && device.certificate.fields.generation == 1)
    device.save()
    try device.reboot()
    #expect(device.identity.slotForSession(fallingBack: true) == .a)
  }
}
