// SPDX-License-Identifier: Apache-2.0

import Strangers
import TestSeed
import Testing

@testable import Datagrams

@Suite("Frames in fragments, and cookies")
struct FragmentTests {
  @Test("A frame is put together from its fragments in any order, and each fragment counts once")
  func fragments() {
    var generator = SeededGenerator(for: "fragments")
    let parts = Reassembly<Int>()
    var number: UInt16 = 0
    for limit in [48, 51, 100, 1_200] {
      for length in [1, limit, limit + 1, 500, Fragments.maximumFrameLength] {
        number += 1
        let frame = [1] + generator.bytes(length - 1)
        let datagrams = Fragments.datagrams(of: frame, number: number, limit: limit)
        #expect(datagrams.allSatisfy { $0.count <= limit })
        guard datagrams.count > 1 else {
          #expect(datagrams == [frame])
          continue
        }
        var whole: [[UInt8]] = []
        for datagram in (datagrams + datagrams.dropLast()).shuffled(using: &generator) {
          if let frame = parts.add(datagram, from: 1, source: .unknown) { whole.append(frame.frame) }
        }
        #expect(whole.first == frame)
        #expect(whole.count == 1)
      }
    }
  }

  @Test("Whatever strangers send, a bounded number of frames is put together, and one address crowds out no other's")
  func bounds() throws {
    var generator = SeededGenerator(for: "bounds of fragments")
    let parts = Reassembly<Int>()
    let honest = try #require(SourceAddress(parsing: "192.0.2.1"))
    let other = try #require(SourceAddress(parsing: "192.0.2.2"))
    let frame = generator.bytes(200)
    let datagrams = Fragments.datagrams(of: frame, number: 1, limit: 64)
    for datagram in datagrams.dropLast() { _ = parts.add(datagram, from: 0, source: honest) }
    for peer in 1...5_000 {
      _ = parts.add(datagrams[Int.random(in: 0..<datagrams.count, using: &generator)], from: peer, source: other)
      #expect(parts.count <= Reassembly<Int>.capacity)
    }
    #expect(parts.add(datagrams.last!, from: 0, source: honest)?.frame == frame)
  }

  @Test("Fragments that make no sense are dropped")
  func nonsense() {
    let parts = Reassembly<Int>()
    let bad: [[UInt8]] = [
      [], [0x20], [0x20, 0, 1, 0, 2], [0x20, 0, 1, 2, 2, 7], [0x20, 0, 1, 0, 0, 7], [0x20, 0, 1, 0, 1, 7],
    ]
    for bad in bad {
      #expect(parts.add(bad, from: 1, source: .unknown) == nil)
    }
    // Longer in all than any frame.
    for index in 0..<9 {
      let fragment = [0x20, 0, 2, UInt8(index), 9] + [UInt8](repeating: 1, count: 250)
      #expect(parts.add(fragment, from: 1, source: .unknown) == nil)
    }
  }

  @Test("A cookie is good for its address, its port and its frame, for two minutes and the two after them")
  func cookies() {
    let cookies = Cookies(at: 0)
    let start: ArraySlice<UInt8> = [6, 1, 2, 3]
    let second: UInt64 = 1_000_000_000
    let cookie = cookies.cookie(for: [127, 0, 0, 1, 9, 9], start: start, at: 119 * second)
    #expect(cookie.count == 16)
    func accepts(_ peer: [UInt8], _ start: ArraySlice<UInt8>, _ now: UInt64) -> Bool {
      cookies.accepts(cookie[...], for: peer, start: start, at: now)
    }
    #expect(accepts([127, 0, 0, 1, 9, 9], start, 119 * second))
    #expect(!accepts([127, 0, 0, 1, 9, 8], start, 119 * second))
    #expect(!accepts([127, 0, 0, 1, 9, 9], [6, 1, 2, 4], 119 * second))
    #expect(accepts([127, 0, 0, 1, 9, 9], start, 121 * second))
    #expect(accepts([127, 0, 0, 1, 9, 9], start, 239 * second))
    #expect(!accepts([127, 0, 0, 1, 9, 9], start, 360 * second))
  }
}
