// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Noise
import CountersignCrypto
import Records
import TestSeed
import Testing
import Wire

@Suite("A channel's records")
struct ChannelTamperingTests {
  let authority = try! Authority()
  let a: TestDevice
  let application: TestDevice
  let first = MessageID(1 << 48 | 1)

  init() throws {
    a = try authority.device(0xA)
    application = try authority.application(0xB)
  }

  @Test("with any bit turned, or any byte missing or added, are refused")
  func altered() throws {
    let ends = try ChannelEnds(a, application)
    let opening = ends.opening
    var far = ApplicationChannel()
    func open(_ bytes: [UInt8]) throws(DeviceError) {
      try application.identity.open(bytes.bytes, from: a.address, generation: 1, into: &far)
    }
    for bit in 0..<opening.count * 8 {
      #expect(throws: DeviceError.self, "bit \(bit)") { try open(flipping(bit, of: opening)) }
    }
    for length in 0..<opening.count {
      #expect(throws: DeviceError.self) { try open(Array(opening[..<length])) }
    }
    #expect(throws: DeviceError.self) { try open(opening + [0]) }
    let isOpen = far.isOpen
    #expect(!isOpen)

    let report = ends.near.report(first)
    let notice = ChannelEnds.notice(report, from: a.address)
    let sealed = try ends.seal([1, 2], report)
    let (request, command) = try ends.request([3, 4], id: 1)
    for bit in 0..<sealed.count * 8 {
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try ends.open(flipping(bit, of: sealed), notice) }
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try ends.open(request, flipping(bit, of: command)) }
    }
    for length in 0..<sealed.count {
      let isShort = length < 16
      let expected = isShort ? DeviceError.malformedRecord : .noise(.decryptionFailed)
      #expect(throws: expected) { try ends.open(Array(sealed[..<length]), notice) }
      #expect(throws: expected) { try ends.open(request, Array(command[..<length])) }
    }
    #expect(try ends.open(sealed, notice) == [1, 2] && ends.open(request, command) == [3, 4])
  }

  @Test("are refused under another header: number, flags, request, device, channel, instance, counter, application")
  func headers() throws {
    let ends = try ChannelEnds(a, application)
    let report = ends.near.report(first, wantsDone: true, request: 5)
    let sealed = try ends.seal([1], report)
    let notice = ChannelEnds.notice(report, from: a.address)
    let changes: [(inout QueueNotice.Report) -> Void] = [
      { $0.id = MessageID($0.id.rawValue + 1) }, { $0.id = MessageID(1) }, { $0.wantsDone = false },
      { $0.request = nil }, { $0.request = 4 }, { $0.isOpen = true }, { $0.channel[7] ^= 1 },
      { $0.device = DeviceAddress(system: SystemID(1), device: DeviceID(0xC)) },
      { $0.device = DeviceAddress(system: SystemID(2), device: DeviceID(0xA)) },
    ]
    for (index, change) in changes.enumerated() {
      var altered = notice
      change(&altered)
      #expect(throws: DeviceError.noise(.decryptionFailed), "change \(index)") { try ends.open(sealed, altered) }
    }
    // What the server says about the message is its own word.
    var delivered = notice
    delivered.sequence = 99
    delivered.attempt = 3
    delivered.milliseconds = 1
    #expect(try ends.open(sealed, delivered) == [1])

    let (request, command) = try ends.request([2], id: 5, flags: .waits)
    let requestChanges: [(inout ChannelNotice.Request) -> Void] = [
      { $0.request = 4 }, { $0.flags = [] }, { $0.flags = [.waits, .wantsNoReply] }, { $0.instance[0] ^= 1 },
      { $0.counter = 1 }, { $0.channel[0] ^= 0x80 }, { $0.application = DeviceID(0xC) },
    ]
    for (index, change) in requestChanges.enumerated() {
      var altered = request
      change(&altered)
      #expect(throws: DeviceError.noise(.decryptionFailed), "change \(index)") { try ends.open(altered, command) }
    }
    #expect(try ends.open(request, command) == [2])
  }

  @Test("are refused by every other channel, of the same device too")
  func otherChannels() throws {
    let ends = try ChannelEnds(a, application)
    let others = [
      try ChannelEnds(a, application), try ChannelEnds(authority.device(0xC), application),
      try ChannelEnds(a, authority.application(0xD)),
    ]
    let report = ends.near.report(first)
    let sealed = try ends.seal([1], report)
    let (request, command) = try ends.request([2], id: 5)
    for other in others {
      var moved = ChannelEnds.notice(report, from: other.device.address)
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try other.open(sealed, moved) }
      moved.channel = other.near.id
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try other.open(sealed, moved) }
      var asked = request
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try other.open(asked, command) }
      asked.channel = other.near.id
      asked.application = other.application.address.device
      #expect(throws: DeviceError.noise(.decryptionFailed)) { try other.open(asked, command) }
    }
    // A report is no request, whatever the header says.
    #expect(throws: DeviceError.noise(.decryptionFailed)) { try ends.open(request, sealed) }
  }

  @Test("that are requests are taken once, in any order within 64 of an instance, and by no instance for another")
  func replay() throws {
    let ends = try ChannelEnds(a, application)
    var requests: [(ChannelNotice.Request, [UInt8])] = []
    for number in 0..<130 { requests.append(try ends.request([UInt8(number)], id: RequestID(number))) }
    var generator = SeededGenerator(for: "replayed requests")
    // Each comes at most 40 places late, and twice.
    var order = Array(0..<130).map { ($0 + Int.random(in: 0...40, using: &generator), $0) }
    order.sort { $0.0 < $1.0 }
    for (_, number) in order {
      let (request, sealed) = requests[number]
      #expect(try ends.open(request, sealed) == [UInt8(number)])
      #expect(try ends.open(request, sealed) == [UInt8(number)], "opening alone marks nothing")
      try ends.near.accept(request)
      #expect(throws: DeviceError.channel(.replayed)) { try ends.open(request, sealed) }
      #expect(throws: DeviceError.channel(.replayed)) { try ends.near.accept(request) }
    }
    for (request, sealed) in requests {
      #expect(throws: DeviceError.channel(.replayed)) { try ends.open(request, sealed) }
    }
    ends.instance = ApplicationInstance()
    let (other, sealed) = try ends.request([1], id: 0)
    #expect(other.counter == 0)
    #expect(try ends.open(other, sealed) == [1])
    // One that is 64 behind is not told from one that was had.
    let late = try ends.request([2], id: 1)
    for number in 2..<66 { try ends.near.accept(ends.request([], id: RequestID(number)).0) }
    #expect(throws: DeviceError.channel(.replayed)) { try ends.open(late.0, late.1) }
  }

  @Test("that instances seal, killed and cloned as they may be, never share a key and a nonce")
  func instances() throws {
    let ends = try ChannelEnds(a, application)
    var generator = SeededGenerator(for: "killed and cloned instances")
    var seen = Set<[UInt8]>()
    var sealed = Set<[UInt8]>()
    var count = 0
    for _ in 0..<200 {
      // A clone has the same file, and so has an instance that starts again: all that a process is given.
      ends.instance = ApplicationInstance()
      for number in 0..<Int.random(in: 0...10, using: &generator) {
        // The application's end may be thrown away and rebuilt at any time.
        if Bool.random(using: &generator) { try ends.rebuild() }
        let (request, ciphertext) = try ends.request([0], id: RequestID(number))
        seen.insert([UInt8](copying: request.instance.bytes) + withUnsafeBytes(of: request.counter) { [UInt8]($0) })
        sealed.insert(ciphertext)
        count += 1
      }
    }
    #expect(seen.count == count && count > 500)
    // One text under one key and nonce would be one ciphertext, up to the header's tag.
    #expect(sealed.count == count)
  }
}
