// SPDX-License-Identifier: Apache-2.0

import Wire

/// A frame that is longer than the link's datagrams travels in fragments: 0x20, the frame's number (2), which part (1), how many (1),
/// and the part. Only frames outside a session do: inside one, the pieces of ``DatagramStream`` fit.
package enum Fragments {
  package static let headerLength = 5
  /// The longest frame that is put together, in bytes.
  package static let maximumFrameLength = 2_048
  /// The shortest datagrams that a link may have: a fragment of that length carries a cookie and the frame's start.
  package static let minimumDatagramLength = 48

  /// The datagrams of a frame: itself, or its fragments.
  ///
  /// - Parameters:
  ///   - number: tells this frame's fragments from another's of the same sender.
  ///   - limit: the longest datagram, in bytes.
  package static func datagrams(of frame: [UInt8], number: UInt16, limit: Int) -> [[UInt8]] {
    guard frame.count > limit else { return [frame] }
    let room = max(limit, minimumDatagramLength) - headerLength
    let count = (frame.count + room - 1) / room
    precondition(count <= 255)
    return (0..<count).map { index in
      let header = [
        FrameKind.fragment.rawValue, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
        UInt8(index), UInt8(count),
      ]
      return header + frame[index * room..<min(frame.count, (index + 1) * room)]
    }
  }

  /// The start of the frame that a datagram begins: the datagram's, or that of its part when this is the first one; nil for a later
  /// part.
  package static func start(of datagram: [UInt8]) -> ArraySlice<UInt8>? {
    guard datagram.first == FrameKind.fragment.rawValue else { return datagram[...] }
    return datagram.count > headerLength && datagram[3] == 0 ? datagram[headerLength...] : nil
  }
}
