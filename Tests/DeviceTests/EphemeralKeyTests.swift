// SPDX-License-Identifier: Apache-2.0

import Device
import FleetSupport
import CountersignCrypto
import Noise
import Schemes
import Testing

/// A page of flash: bytes are programmed one after the other, and power may fail before any of them.
private struct Flash: EphemeralStorage {
  var bytes = [UInt8](repeating: 0, count: EphemeralKey.encodedLength)
  var isBackwards = false
  /// How many bytes will still be programmed; nil where power does not fail.
  var untilCut: Int?
  /// Writing does nothing, and does not say so.
  var isStuck = false
  private(set) var written = 0
  /// Whether power has failed.
  private(set) var hasFailed = false

  var isEmpty: Bool { bytes.allSatisfy { $0 == 0 } }

  func read(into target: inout MutableRawSpan) { copyBytes(bytes.bytes, to: &target) }

  mutating func write(_ source: RawSpan) -> Bool {
    guard !isStuck else { return true }
    for step in 0..<source.byteCount {
      hasFailed = untilCut == 0
      guard !hasFailed else { return false }
      untilCut = untilCut.map { $0 - 1 }
      let index = isBackwards ? source.byteCount - 1 - step : step
      bytes[index] = source.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      written += 1
    }
    return true
  }

  mutating func returnPower() {
    if hasFailed { untilCut = nil }
    hasFailed = false
  }
}

@Suite("An ephemeral key made ahead")
struct EphemeralKeyTests {
  let authority = try! Authority()

  /// The first frame of a session that takes `key`, where there is one.
  private func hello(_ device: TestDevice, _ key: inout EphemeralKey) throws -> [UInt8] {
    var link = ServerLink(scheme: device.identity.scheme)
    link.take(&key)
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    let length = try link.writeHello(device.identity, into: &span)
    return Array(frame[..<length])
  }

  /// The ephemeral key that a first frame of `certified` shows.
  private func ephemeral(in frame: [UInt8]) -> [UInt8] { Array(frame[1..<33]) }

  private func isRead(_ frame: [UInt8]) -> Bool {
    guard var responder = try? Responder(answering: frame.bytes) else { return false }
    return (try? responder.readHello(frame.bytes, key: authority.handshakeKey)) != nil
  }

  /// A key made ahead, in its stored form.
  private func stored() throws -> [UInt8] {
    var key = EphemeralKey()
    key.make()
    var bytes = [UInt8](repeating: 0, count: EphemeralKey.encodedLength)
    var span = bytes.mutableBytes
    try key.encode(into: &span)
    return bytes
  }

  @Test("opens one session, and the next one draws its own")
  func once() throws {
    let device = try authority.device(0xA)
    var bytes = try stored()
    let expected = Array(bytes[32..<64])
    var key = EphemeralKey()
    var span = bytes.mutableBytes
    try key.take(from: &span)
    #expect(bytes.allSatisfy { $0 == 0 })
    let first = try hello(device, &key)
    let isLeft = key.isPresent
    #expect(ephemeral(in: first) == expected && isRead(first) && !isLeft)
    let second = try hello(device, &key)
    #expect(ephemeral(in: second) != expected && isRead(second))
    var target = bytes.mutableBytes
    do throws(DeviceError) {
      try key.encode(into: &target)
      Issue.record("a key that is gone was stored")
    } catch { #expect(error == .noUsableKey) }
  }

  @Test("opens a session between devices")
  func peers() throws {
    let (a, b) = (try authority.device(0xA), try authority.device(0xB))
    var bytes = try stored()
    let expected = Array(bytes[32..<64])
    var key = EphemeralKey()
    var span = bytes.mutableBytes
    try key.take(from: &span)
    let (first, second) = (Talker(a, PeerSession(direct: .initiator)), Talker(b, PeerSession(direct: .responder)))
    first.session.take(&key)
    try first.start(nil)
    try second.start(nil)
    let frame = try first.write()
    let isLeft = key.isPresent
    #expect(Array(frame[1...]) == expected && !isLeft)
    try second.read(frame)
    try first.read(second.write())
    try second.read(first.write())
    #expect(try second.open(first.seal("there")) == "there")
  }

  @Test("with any bit of its stored form changed is none, and what was read is overwritten all the same")
  func changed() throws {
    let whole = try stored()
    for bit in 0..<whole.count * 8 {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      var key = EphemeralKey()
      var span = bytes.mutableBytes
      do throws(DeviceError) {
        try key.take(from: &span)
        Issue.record("bit \(bit) does not matter")
      } catch { #expect(error == .corruptFile) }
      let isPresent = key.isPresent
      #expect(!isPresent && bytes.allSatisfy { $0 == 0 })
    }
  }

  @Test("that cannot be erased is not used, and where none is stored nothing is written")
  func stuck() throws {
    var flash = Flash(bytes: try stored(), isStuck: true)
    var key = EphemeralKey()
    let wasTaken = key.take(from: &flash)
    let isPresent = key.isPresent
    #expect(!wasTaken && !isPresent)
    var empty = Flash()
    let wasThere = key.take(from: &empty)
    let wasStored = key.store(in: &empty)
    #expect(!wasThere && !wasStored && empty.written == 0)
  }

  /// What a device's first frames show while it wakes and sleeps four times and power fails before one byte is programmed.
  private func drill(_ page: Flash, erasesFirst: Bool = true) throws -> (shown: [[UInt8]], ahead: Int, written: Int) {
    let device = try authority.device(0xA)
    var flash = page
    var shown: [[UInt8]] = []
    var ahead = 0
    for _ in 0..<4 {
      // Where power has failed, nothing but the flash is left, and the rest of that waking was not lived.
      var key = EphemeralKey()
      if erasesFirst {
        _ = key.take(from: &flash)
      } else {
        var bytes = flash.bytes
        var span = bytes.mutableBytes
        try? key.take(from: &span)
      }
      if !flash.hasFailed {
        if key.isPresent {
          ahead += 1
          if erasesFirst { #expect(flash.isEmpty) }
        }
        shown.append(ephemeral(in: try hello(device, &key)))
        if !erasesFirst { _ = flash.write([UInt8](repeating: 0, count: EphemeralKey.encodedLength).bytes) }
      }
      if !flash.hasFailed {
        key.make()
        _ = key.store(in: &flash)
      }
      flash.returnPower()
    }
    return (shown, ahead, flash.written)
  }

  @Test("is never in two sessions, wherever power fails while it is written or erased", arguments: [false, true])
  func powerCuts(isBackwards: Bool) throws {
    let quiet = try drill(Flash(isBackwards: isBackwards))
    #expect(quiet.ahead == 3 && quiet.shown.count == 4)
    #expect(quiet.written == 7 * EphemeralKey.encodedLength)
    for cut in 0..<quiet.written {
      let cut = try drill(Flash(isBackwards: isBackwards, untilCut: cut))
      #expect(Set(cut.shown).count == cut.shown.count)
      #expect(cut.ahead >= 1 && cut.shown.count >= 3)
    }
  }

  @Test("would be in two sessions, if it were erased after its use")
  func erasedTooLate() throws {
    let quiet = try drill(Flash(), erasesFirst: false)
    let repeated = try (0..<quiet.written).filter { cut in
      let shown = try drill(Flash(untilCut: cut), erasesFirst: false).shown
      return Set(shown).count < shown.count
    }
    #expect(!repeated.isEmpty)
  }
}
