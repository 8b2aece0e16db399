// SPDX-License-Identifier: Apache-2.0

/// The first byte of a frame that stands outside a session and is no handshake's first frame as it is: those begin with the number of
/// their scheme.
public enum FrameKind: UInt8, Sendable {
  /// A part of a frame that is longer than the link's datagrams.
  case fragment = 0x20
  /// A suspended session's wake-up, with a tag of 16 bytes.
  case wakeUp = 0x21
  /// A wake-up whose data is a ciphertext with a tag of its own, with a tag of 8 bytes.
  case innerWakeUp = 0x22
  /// A session's datagram, from the device.
  case deviceDatagram = 0x23
  /// A handshake's first frame with a cookie in front.
  case withCookie = 0x24
  /// The server's cookie: the first frame is to be sent again with it.
  case retry = 0x28
  /// The answer to a wake-up.
  case wakeAnswer = 0x29
  /// A session's datagram, from the server.
  case serverDatagram = 0x2A
  /// The server's answer to a first frame that came as a datagram.
  case handshakeAnswer = 0x2B
}
