// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What carries frames between a device and the server: a TCP connection (``FrameSocket``) or datagrams (``DatagramSocket``).
public protocol FrameTransport: AnyObject {
  /// Sends the first `count` bytes of `frame` as one frame.
  func send(_ frame: [UInt8], count: Int, timeout: Duration) throws(DeviceHostError)
  /// The next frame, or nil when none comes in time.
  func receive(timeout: Duration) throws(DeviceHostError) -> [UInt8]?
  /// The handshake has given the session its keys: datagrams are sealed under keys that follow from what it exports.
  func secure(with export: borrowing SecretBytes<32>)
  /// Bytes sent and received, with whatever the transport adds.
  var bytesSent: Int { get }
  var bytesReceived: Int { get }
  /// When something came last; at first, when the transport was made.
  var lastHeard: ContinuousClock.Instant { get }
}

extension FrameTransport {
  func send(_ frame: [UInt8], count: Int) throws(DeviceHostError) {
    try send(frame, count: count, timeout: .seconds(10))
  }
}

extension FrameSocket: FrameTransport {
  // A stream needs no keys of its own: nobody else writes into it unnoticed.
  public func secure(with export: borrowing SecretBytes<32>) {}
}

extension Endpoint {
  /// Connects in the way that the endpoint says.
  func open(timeout: Duration) throws(DeviceHostError) -> any FrameTransport {
    isDatagram
      ? try DatagramSocket.connect(to: self) : try FrameSocket.connect(to: self, timeout: timeout)
  }
}
