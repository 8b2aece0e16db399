// SPDX-License-Identifier: Apache-2.0

import Strangers
import Wire

/// Puts fragments together, for a bounded number of frames at a time. When there are more, the oldest one of the source with the most
/// makes room. Not safe for use by several threads at once.
package final class Reassembly<Peer: Hashable> {
  /// Frames that are being put together at most.
  package static var capacity: Int { 1_024 }

  private struct Key: Hashable {
    let peer: Peer
    let number: UInt16
  }

  private final class Frame {
    let key: Key
    var parts: [ArraySlice<UInt8>?]
    var missing: Int
    var length = 0
    /// Bytes of the datagrams that brought it.
    var received = 0
    var place: SourceQueue<Frame>.Entry?

    init(_ key: Key, count: Int) {
      self.key = key
      parts = Array(repeating: nil, count: count)
      missing = count
    }
  }

  private let capacity: Int
  private let queue: SourceQueue<Frame>
  private var frames: [Key: Frame] = [:]

  /// - Parameter share: how many frames of a source weigh as much as one of another.
  package init(capacity: Int = Reassembly.capacity, share: @escaping (SourceAddress) -> Int = { _ in 1 }) {
    self.capacity = capacity
    queue = SourceQueue(share: share)
  }

  /// Frames that are being put together.
  package var count: Int { frames.count }

  /// Whether something of this fragment's frame is here already.
  package func knows(_ fragment: [UInt8], from peer: Peer) -> Bool {
    guard fragment.count > Fragments.headerLength else { return false }
    return frames[Key(peer: peer, number: Self.number(of: fragment))] != nil
  }

  /// Takes a fragment; returns the whole frame when it was the last one missing, and how many bytes of datagrams brought it.
  package func add(
    _ fragment: [UInt8], from peer: Peer, source: SourceAddress
  ) -> (frame: [UInt8], received: Int)? {
    guard fragment.count > Fragments.headerLength else { return nil }
    let (index, count) = (Int(fragment[3]), Int(fragment[4]))
    guard index < count, count > 1 else { return nil }
    let key = Key(peer: peer, number: Self.number(of: fragment))
    // What is left of an earlier frame makes room for one that is cut otherwise.
    if let earlier = frames[key], earlier.parts.count != count { remove(earlier) }
    let frame = frames[key] ?? insert(key, count: count, from: source)
    frame.received += fragment.count
    guard frame.parts[index] == nil else { return nil }
    let part = fragment[Fragments.headerLength...]
    guard frame.length + part.count <= Fragments.maximumFrameLength else {
      remove(frame)
      return nil
    }
    frame.parts[index] = part
    frame.length += part.count
    frame.missing -= 1
    guard frame.missing == 0 else { return nil }
    remove(frame)
    return (frame.parts.reduce(into: []) { $0 += $1 ?? [] }, frame.received)
  }

  private static func number(of fragment: [UInt8]) -> UInt16 { UInt16(fragment[1]) << 8 | UInt16(fragment[2]) }

  private func insert(_ key: Key, count: Int, from source: SourceAddress) -> Frame {
    if frames.count >= capacity, let (oldest, _) = queue.evictOldest() { frames[oldest.key] = nil }
    let frame = Frame(key, count: count)
    frame.place = queue.append(frame, from: source)
    frames[key] = frame
    return frame
  }

  private func remove(_ frame: Frame) {
    if let place = frame.place { queue.remove(place) }
    frame.place = nil
    frames[frame.key] = nil
  }
}
