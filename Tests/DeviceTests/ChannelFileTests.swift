// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Testing
import Wire

@Suite("A stored channel")
struct ChannelFileTests {
  let authority = try! Authority()

  @Test("seals and opens as before, and remembers which requests were had")
  func roundTrip() throws {
    let a = try authority.device(0xA)
    let ends = try ChannelEnds(a, authority.application(0xB))
    ends.near.openedAt = 77
    let (had, sealedHad) = try ends.request([1], id: 1)
    let (waiting, sealedWaiting) = try ends.request([2], id: 2)
    try ends.near.accept(had)
    #expect(ends.isDirty)
    let flash = ends.stored
    ends.near.markStored()
    let id = ends.ids.near
    ends.near = DeviceChannel()
    #expect(!ends.isNearOpen)
    try ends.near.load(flash.bytes)
    #expect(!ends.isDirty && ends.isNearOpen && ends.ids.near == id && ends.openedAt == 77)
    #expect(ends.stored == flash)
    #expect(throws: DeviceError.channel(.replayed)) { try ends.open(had, sealedHad) }
    #expect(try ends.open(waiting, sealedWaiting) == [2])
    let report = ends.near.report(MessageID(1 << 48))
    #expect(try ends.open(ends.seal([3], report), ChannelEnds.notice(report, from: a.address)) == [3])
    // What suspended sessions follow from is not stored.
    var key = SecretBytes<32>()
    #expect(throws: DeviceError.channel(.outdated)) { try ends.near.takeWakeKey(session: Bytes(), into: &key) }
  }

  @Test("with any bit turned, or any byte missing or added, is not loaded")
  func damage() throws {
    let ends = try ChannelEnds(authority.device(0xA), authority.application(0xB))
    let flash = ends.stored
    for bit in 0..<flash.count * 8 {
      let damaged = flipping(bit, of: flash)
      #expect(throws: DeviceError.corruptFile, "bit \(bit)") { try ends.near.load(damaged.bytes) }
      #expect(!ends.isNearOpen)
    }
    for length in 0..<flash.count {
      let short = Array(flash[..<length])
      #expect(throws: DeviceError.corruptFile) { try ends.near.load(short.bytes) }
    }
    #expect(throws: DeviceError.corruptFile) { try ends.near.load((flash + [0]).bytes) }
    var later = flash
    later[4] = 2
    let digest = sha256(Array(later.dropLast(32)))
    later.replaceSubrange(later.count - 32..<later.count, with: digest)
    #expect(throws: DeviceError.unknownFileVersion(2)) { try ends.near.load(later.bytes) }
  }

  private func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(bytes.bytes, into: &span)
    return digest
  }
}
