// SPDX-License-Identifier: Apache-2.0

import Device
import Wire

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Frames over a TCP socket: each follows its length, 2 bytes big-endian.
public final class FrameSocket {
  let socket: Socket
  /// The longest frame that is accepted; a longer one is an error before it has arrived.
  var maximumLength = Framing.maximumFrameLength
  /// Bytes received and not yet taken.
  private var input: [UInt8] = []
  private var inputStart = 0
  /// Bytes sent and received, headers included.
  public private(set) var bytesSent = 0
  public private(set) var bytesReceived = 0
  /// When something came last; at first, when the connection was made.
  public private(set) var lastHeard = ContinuousClock.now

  public static func connect(to endpoint: Endpoint, timeout: Duration) throws(DeviceHostError) -> FrameSocket {
    FrameSocket(try Socket.connect(to: endpoint, timeout: timeout))
  }

  init(_ socket: Socket) {
    self.socket = socket
  }

  /// Sends one frame.
  public func send(_ frame: [UInt8], count: Int, timeout: Duration = .seconds(10)) throws(DeviceHostError) {
    precondition(count <= Framing.maximumFrameLength)
    var bytes = [UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
    bytes.append(contentsOf: frame[..<count])
    var sent = 0
    while sent < bytes.count {
      let status = bytes.withUnsafeBytes {
        systemSend(socket.descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if status > 0 {
        sent += status
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        guard socket.wait(for: Int16(POLLOUT), timeout: timeout) else {
          // Half a frame may be out; nothing can follow it.
          socket.shutDown()
          throw .connectionLost(reason: "the other side takes nothing")
        }
      } else if errno != EINTR {
        throw .connectionLost(reason: lastError())
      }
    }
    bytesSent += sent
  }

  /// The next frame, or nil when none comes in time.
  public func receive(timeout: Duration) throws(DeviceHostError) -> [UInt8]? {
    let deadline = ContinuousClock.now + timeout
    while true {
      if let frame = try nextFrame() { return frame }
      guard socket.wait(for: Int16(POLLIN), timeout: deadline - .now) else { return nil }
      try fill()
    }
  }

  /// The other side ended the connection on its own. A failing network, or a server without a place for a newcomer, cuts it.
  static let closed = DeviceHostError.connectionLost(reason: "the other side closed the connection")

  /// Takes what has come, without waiting, and says whether a whole frame is there.
  func hasFrame() throws(DeviceHostError) -> Bool {
    if try wholeLength() == nil { try fill() }
    return try wholeLength() != nil
  }

  /// The next frame, when all of it has come.
  func receiveNow() throws(DeviceHostError) -> [UInt8]? { try hasFrame() ? try nextFrame() : nil }

  /// Ends the connection for both sides at once; a thread that waits on it wakes.
  public func shutDown() {
    shutdown(socket.descriptor, shutdownBoth)
  }

  /// The length of the next frame, when all of it is here.
  private func wholeLength() throws(DeviceHostError) -> Int? {
    let available = input.count - inputStart
    guard available >= 2 else { return nil }
    let length = Int(input[inputStart]) << 8 | Int(input[inputStart + 1])
    guard length <= maximumLength else { throw .device(.messageTooLong) }
    return available >= 2 + length ? length : nil
  }

  private func nextFrame() throws(DeviceHostError) -> [UInt8]? {
    guard let length = try wholeLength() else { return nil }
    let frame = Array(input[inputStart + 2..<inputStart + 2 + length])
    inputStart += 2 + length
    if inputStart == input.count {
      input.removeAll(keepingCapacity: true)
      inputStart = 0
    }
    return frame
  }

  private func fill() throws(DeviceHostError) {
    if inputStart > 1 << 16 {
      input.removeFirst(inputStart)
      inputStart = 0
    }
    var chunk = [UInt8](repeating: 0, count: 16_384)
    let status = chunk.withUnsafeMutableBytes { recv(socket.descriptor, $0.baseAddress!, $0.count, 0) }
    if status > 0 {
      input.append(contentsOf: chunk[..<status])
      bytesReceived += status
      lastHeard = .now
    } else if status == 0 {
      throw Self.closed
    } else if errno != EAGAIN && errno != EINTR {
      throw .connectionLost(reason: lastError())
    }
  }
}

#if canImport(Glibc)
  private let shutdownBoth = Int32(SHUT_RDWR)
#else
  private let shutdownBoth = SHUT_RDWR
#endif

/// The C function whose name the class above uses for its own.
private func systemSend(_ fd: Int32, _ bytes: UnsafeRawPointer, _ count: Int, _ flags: Int32) -> Int {
  send(fd, bytes, count, flags)
}
