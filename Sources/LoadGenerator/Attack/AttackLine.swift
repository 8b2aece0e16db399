// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import CountersignCrypto
import Records
import Wire

/// A device's session with the server, record by record, for tests and attacks that go beyond a well-behaved client.
///
/// One thread sends and one receives, or one does both.
final class AttackLine: @unchecked Sendable {
  let identity: LoadIdentity
  private let socket: FrameSocket
  private var link: ServerLink
  private var buffer = [UInt8](repeating: 0, count: Framing.maximumFrameLength)

  var address: DeviceAddress { identity.value.address }

  /// Opens a session, and waits for its welcome unless told otherwise.
  init(_ identity: LoadIdentity, port: Int, listens: Bool, waits: Bool = true) throws {
    self.identity = identity
    socket = try FrameSocket.connect(to: Endpoint(host: "127.0.0.1", port: UInt16(port)), timeout: .seconds(10))
    link = ServerLink(scheme: identity.value.scheme)
    var hello = [UInt8](repeating: 0, count: 256)
    var frame = hello.mutableBytes
    let length = try link.writeHello(identity.value, into: &frame)
    try socket.send(hello, count: length)
    guard let reply = try socket.receive(timeout: .seconds(10)) else {
      throw DeviceHostError.timedOut(waitingFor: "the server's answer")
    }
    try link.readReply(reply.bytes)
    try send(.hello(identity.value.hello(listens: listens)))
    var isWelcome = !waits
    while !isWelcome {
      guard
        try receive({
          if case .welcome = $0 { isWelcome = true }
        })
      else { throw DeviceHostError.timedOut(waitingFor: "the server's welcome") }
    }
  }

  func send(_ record: DeviceRecord) throws {
    var frame = buffer.mutableBytes
    let length = try link.seal(record, into: &frame)
    try socket.send(buffer, count: length, timeout: .seconds(60))
  }

  /// Waits for a record; false when none comes in time.
  func receive(timeout: Duration = .seconds(10), _ body: (borrowing ServerRecord) throws -> Void) throws -> Bool {
    guard var frame = try socket.receive(timeout: timeout) else { return false }
    var span = frame.mutableBytes
    try body(try link.open(&span))
    return true
  }

  /// Takes a frame off the wire without looking at it; false when none comes in time.
  func discard(timeout: Duration) throws -> Bool { try socket.receive(timeout: timeout) != nil }

  func close() { socket.shutDown() }
}
