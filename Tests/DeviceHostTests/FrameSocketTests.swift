// SPDX-License-Identifier: Apache-2.0

import DeviceHost
import FleetSupport
import Foundation
import TestSeed
import Testing

@Suite("Frames over TCP")
struct FrameSocketTests {
  private func pair() throws -> (FrameSocket, FrameSocket) {
    let listener = try FrameListener(on: Endpoint(host: "127.0.0.1", port: 0))
    let first = try FrameSocket.connect(to: Endpoint(host: "127.0.0.1", port: listener.port), timeout: .seconds(120))
    guard let second = try listener.accept(waiting: .seconds(120)) else {
      throw DeviceHostError.timedOut(waitingFor: "")
    }
    return (first, second)
  }

  @Test("come out as they went in, however the stream cuts them")
  func frames() throws {
    var generator = SeededGenerator(for: "frames")
    let (first, second) = try pair()
    var sent: [[UInt8]] = [[], [1], generator.bytes(65_535)]
    for _ in 0..<2000 { sent.append(generator.bytes(Int.random(in: 0...300, using: &generator))) }
    // In small batches, so that neither side has to wait for the other with full buffers.
    for batch in stride(from: 0, to: sent.count, by: 100).map({ Array(sent[$0..<min($0 + 100, sent.count)]) }) {
      for frame in batch { try first.send(frame, count: frame.count) }
      for frame in batch { #expect(try second.receive(timeout: .seconds(120)) == frame) }
    }
    #expect(second.bytesReceived == first.bytesSent)
    #expect(first.bytesSent == sent.reduce(0) { $0 + $1.count + 2 })
    #expect(try second.receive(timeout: .milliseconds(5)) == nil)
  }

  @Test("end with an error when the other side goes away, after what it sent")
  func ending() throws {
    var (first, second): (FrameSocket?, FrameSocket) = try pair()
    try first?.send([7, 8], count: 2)
    first = nil
    #expect(try second.receive(timeout: .seconds(120)) == [7, 8])
    #expect(throws: DeviceHostError.connectionLost(reason: "the other side closed the connection")) {
      try second.receive(timeout: .seconds(120))
    }
  }

  @Test("Whoever does not read makes the sender give up, and the connection with it")
  func fullBuffers() throws {
    let (first, second) = try pair()
    let frame = [UInt8](repeating: 1, count: 65_535)
    #expect(throws: DeviceHostError.connectionLost(reason: "the other side takes nothing")) {
      for _ in 0..<10_000 { try first.send(frame, count: frame.count, timeout: .milliseconds(50)) }
    }
    #expect(throws: DeviceHostError.self) { try first.send([1], count: 1, timeout: .milliseconds(50)) }
    withExtendedLifetime(second) {}
  }

  @Test("Addresses")
  func endpoints() throws {
    for (text, host, port): (String, String, UInt16) in [
      ("localhost:7700", "localhost", 7700), ("[::1]:1", "::1", 1), ("10.0.0.1:65535", "10.0.0.1", 65535),
    ] {
      let endpoint = try Endpoint(parsing: text)
      #expect(endpoint.host == host && endpoint.port == port && endpoint.description == text)
    }
    for text in ["", ":", "host", "host:", ":80", "host:65536", "host:-1", "::1:80", "[]:80", "host:8x"] {
      #expect(throws: DeviceHostError.invalidEndpoint(text)) { try Endpoint(parsing: text) }
    }
  }
}
