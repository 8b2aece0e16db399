// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Sizes of the frames between a device and the server. On a stream each frame follows its length, 2 bytes big-endian.
public enum Framing {
  /// Length of the length.
  public static let headerLength = 2
  public static let maximumFrameLength = 65_535
  /// The longest record: what remains of a frame after the session's tag.
  public static let maximumRecordLength = maximumFrameLength - tagLength
  /// The only byte of the frame that the server sends instead of answering a first frame when it cannot serve anybody now. No
  /// handshake answer and no record is that short. It is not authenticated: a device that gets it waits and comes back with the
  /// same key, as after no answer.
  public static let tryLater: UInt8 = 0x80
  /// The longest datagram that either side sends unless it is told another length.
  public static let datagramLength = 1_200
  /// The longest header of a record that carries a body: `deposit`.
  public static let maximumRecordOverhead = 1 + 12 + 2 + 8

  /// Whether the server says that it cannot serve anybody now.
  public static func isTryLater(_ frame: RawSpan) -> Bool {
    frame.byteCount == 1 && frame.unsafeLoad(as: UInt8.self) == tryLater
  }
}
