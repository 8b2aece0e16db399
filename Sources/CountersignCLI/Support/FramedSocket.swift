// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A TCP connection that carries messages, each after its length: two bytes, big-endian.
final class FramedSocket: Sendable {
  let descriptor: Int32
  /// The peer's address, for messages to a person.
  let peer: String

  init(descriptor: Int32, peer: String) {
    self.descriptor = descriptor
    self.peer = peer
  }

  deinit { close(descriptor) }

  /// Sends one message of at most 65,535 bytes.
  func send(_ message: [UInt8]) throws(Failure) {
    var frame = [UInt8(message.count >> 8), UInt8(message.count & 255)]
    frame.append(contentsOf: message)
    var sent = 0
    while sent < frame.count {
      let count = frame.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Failure(.unavailable, "\(peer) went away: \(systemError())") }
      sent += count
    }
  }

  /// The next message, or nil when the peer has ended its side between two messages.
  func receive() throws(Failure) -> [UInt8]? {
    guard let header = try receive(2) else { return nil }
    let length = Int(header[0]) << 8 | Int(header[1])
    guard let message = try receive(length) else { throw cutOff }
    return message
  }

  /// Says that nothing more will be sent; what the peer still sends can be received.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Gives up on a peer that is silent for this many seconds; 0 waits for ever.
  func setTimeout(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  private var cutOff: Failure { Failure(.protocolError, "\(peer) ended in the middle of a message") }

  private func receive(_ count: Int) throws(Failure) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + received, $0.count - received, 0) }
      if got < 0 && errno == EINTR { continue }
      if got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) {
        throw Failure(.temporary, "\(peer) did not answer in time")
      }
      guard got >= 0 else { throw Failure(.unavailable, "\(peer) went away: \(systemError())") }
      if got == 0 {
        guard received == 0 else { throw cutOff }
        return nil
      }
      received += got
    }
    return bytes
  }
}

/// What the last system call complained about.
func systemError() -> String { String(cString: strerror(errno)) }
