// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import TestSeed
import Testing

@testable import Datagrams

@Suite("A session's frames over datagrams")
struct StreamTests {
  private static let step: UInt64 = 5_000_000

  private func pair(longest: Int) -> (device: DatagramStream, server: DatagramStream) {
    let export = SecretBytes<32>.random()
    return (
      DatagramStream(.device, number: 7, export: export, longest: longest, accepts: longest),
      DatagramStream(.server, number: 7, export: export, longest: longest, accepts: 1_200)
    )
  }

  @Test(
    "arrive once, whole and in order, whatever is lost, repeated or reordered",
    arguments: [(0.0, 51), (0.1, 1_200), (0.3, 51), (0.3, 128), (0.3, 1_200)])
  func delivery(loss: Double, longest: Int) throws {
    var generator = SeededGenerator(for: "delivery \(loss) \(longest)")
    let (device, server) = pair(longest: longest)
    var network = Network(
      .init(loss: loss, repeats: 0.1, delay: 5_000_000...90_000_000, longest: longest), generator)
    var waiting: [Network.End: [[UInt8]]] = [:]
    for end in [Network.End.device, .server] {
      waiting[end] = (0..<40).map { _ in generator.bytes(Int.random(in: 0...400, using: &generator)) }
    }
    let expected = waiting
    for frame in waiting[.server]! { device.send(frame) }
    var arrived: [Network.End: [[UInt8]]] = [.device: [], .server: []]
    var now: UInt64 = 0
    while arrived[.device]!.count + arrived[.server]!.count < 80 || !device.isSettled || !server.isSettled {
      now += Self.step
      try #require(now < 4_000_000_000_000, "it does not end")
      // The server begins in the middle.
      if now == 20 * Self.step { for frame in waiting[.device]! { server.send(frame) } }
      while let datagram = device.nextDatagram(at: now) { network.send(datagram, to: .server, at: now) }
      while let datagram = server.nextDatagram(at: now) { network.send(datagram, to: .device, at: now) }
      for (datagram, end) in network.arrivals(at: now) {
        let stream = end == .device ? device : server
        _ = stream.receive(datagram, at: now)
        while let frame = stream.nextFrame() { arrived[end]!.append(frame) }
      }
    }
    #expect(arrived == expected)
    #expect(!network.sawTooLong)
    #expect((loss > 0) == (network.lost > 0))
  }

  @Test("A repeated or a forged datagram has no effect")
  func repetition() throws {
    var generator = SeededGenerator(for: "repetition")
    let (device, server) = pair(longest: 1_200)
    device.send([1, 2, 3])
    let datagram = try #require(device.nextDatagram(at: 0))
    for _ in 0..<200 {
      let forged = generator.mutate(datagram)
      #expect(forged == datagram || !server.receive(forged, at: 0))
    }
    #expect(server.receive(datagram, at: 0))
    #expect(!server.receive(datagram, at: 0))
    #expect(server.nextFrame() == [1, 2, 3])
    #expect(server.nextFrame() == nil)
    // Nor does what the device sent come back to it.
    #expect(!device.receive(datagram, at: 0))
  }

  @Test("What nobody takes is not acknowledged, and what is too long breaks the stream")
  func bounds() throws {
    let (device, server) = pair(longest: 1_200)
    server.maximumFrameLength = 1_000
    var now: UInt64 = 0
    func exchange() {
      for _ in 0..<400 {
        now += Self.step
        while let datagram = device.nextDatagram(at: now) { _ = server.receive(datagram, at: now) }
        while let datagram = server.nextDatagram(at: now) { _ = device.receive(datagram, at: now) }
      }
    }
    for _ in 0..<300 { device.send([UInt8](repeating: 5, count: 1_000)) }
    exchange()
    #expect(!device.isWritable && !device.isSettled)
    var taken = 0
    while server.nextFrame() != nil { taken += 1 }
    #expect(taken > 0 && taken < 200)
    for _ in 0..<40 {
      exchange()
      while server.nextFrame() != nil { taken += 1 }
    }
    #expect(taken == 300)
    #expect(device.isSettled && !server.isBroken)
    device.send([UInt8](repeating: 5, count: 1_001))
    exchange()
    #expect(server.isBroken)
    #expect(server.nextFrame() == nil)
  }

  @Test("The device hears of the end after what was sent before it")
  func ending() throws {
    let (device, server) = pair(longest: 200)
    server.send([9])
    server.end()
    var now: UInt64 = 0
    var frames: [[UInt8]] = []
    while !device.hasEnded {
      now += Self.step
      try #require(now < 60_000_000_000)
      while let datagram = server.nextDatagram(at: now) { _ = device.receive(datagram, at: now) }
      while let frame = device.nextFrame() { frames.append(frame) }
      while let datagram = device.nextDatagram(at: now) { _ = server.receive(datagram, at: now) }
    }
    #expect(frames == [[9]])
  }
}
