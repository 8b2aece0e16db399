// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// One of the parties that share a key: its number, from 1, is where the sharing polynomial is evaluated for it (the identifier of
/// RFC 9591). A number belongs to one machine for good; a machine that takes another's place gets a new one.
public struct Participant: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt16

  /// Nil for 0, where the polynomial gives the key itself.
  public init?(_ number: UInt16) {
    guard number != 0 else { return nil }
    self.number = number
  }

  /// The next two bytes of a reader, big-endian.
  public init(_ reader: inout ByteReader) throws(WireError) {
    guard let participant = Participant(try reader.uint16()) else { throw .invalidValue }
    self = participant
  }

  public static func < (a: Participant, b: Participant) -> Bool { a.number < b.number }

  public var description: String { "participant \(number)" }
}

extension Sequence<Participant> {
  /// In order, and each once.
  func sortedOnce() throws(ThresholdError) -> [Participant] {
    let sorted = sorted()
    for (a, b) in zip(sorted, sorted.dropFirst()) where a == b { throw .duplicate(a) }
    return sorted
  }
}
