// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Datagrams
import Device
import Wire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Frames over UDP. What was lost is sent again whenever this device waits for something, or sends.
public final class DatagramSocket: FrameTransport {
  private let socket: Socket
  private let caller: DatagramCaller
  private let start = ContinuousClock.now
  public private(set) var bytesSent = 0
  public private(set) var bytesReceived = 0
  public private(set) var lastHeard = ContinuousClock.now

  /// - Parameter longest: the longest datagram that the way to the server carries, in bytes.
  public static func connect(
    to endpoint: Endpoint, longest: Int = Framing.datagramLength
  ) throws(DeviceHostError) -> DatagramSocket {
    DatagramSocket(try Socket.datagrams(to: endpoint), longest: longest)
  }

  private init(_ socket: Socket, longest: Int) {
    self.socket = socket
    caller = DatagramCaller(longest: longest) { UInt32.random(in: 0...UInt32.max) }
  }

  deinit {
    // The server hears that the session is over, or else waits until it has been silent for too long.
    caller.end()
    try? pump()
  }

  public func send(_ frame: [UInt8], count: Int, timeout: Duration = .seconds(10)) throws(DeviceHostError) {
    precondition(count <= Framing.maximumFrameLength)
    let deadline = ContinuousClock.now + timeout
    while !caller.isWritable {
      guard ContinuousClock.now < deadline else { throw .connectionLost(reason: "the other side takes nothing") }
      try wait(until: deadline)
    }
    caller.send(Array(frame[..<count]), at: now)
    try pump()
  }

  public func receive(timeout: Duration) throws(DeviceHostError) -> [UInt8]? {
    let deadline = ContinuousClock.now + timeout
    repeat {
      if let frame = caller.nextFrame() { return frame }
      guard !caller.hasEnded else { throw FrameSocket.closed }
      try wait(until: deadline)
    } while ContinuousClock.now < deadline
    return caller.nextFrame()
  }

  public func secure(with export: borrowing SecretBytes<32>) { caller.secure(with: export) }

  private var now: UInt64 {
    let time = start.duration(to: .now).components
    return UInt64(time.seconds) * 1_000_000_000 + UInt64(time.attoseconds / 1_000_000_000)
  }

  /// Waits until something arrives or is due, and takes and sends it.
  private func wait(until end: ContinuousClock.Instant) throws(DeviceHostError) {
    try pump()
    var deadline = end
    if let due = caller.deadline { deadline = min(deadline, start + .nanoseconds(Int64(clamping: due))) }
    _ = socket.waitToRead(timeout: deadline - .now)
    while let datagram = try socket.receiveDatagram() {
      bytesReceived += datagram.count
      lastHeard = .now
      caller.receive(datagram, at: now)
    }
    try pump()
  }

  private func pump() throws(DeviceHostError) {
    while let datagram = caller.nextDatagram(at: now) {
      // What the system cannot send now is lost, as on the way.
      if try socket.sendDatagram(datagram) { bytesSent += datagram.count }
    }
  }
}
