// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// Layout: version (1), set (4), threshold (2), number of participants (2), key (32), ceremony (32), then for each participant in order
/// its number (2) and its verifying share (32).
extension GroupKey {
  static let version: UInt8 = 1
  private static let headerLength = 73
  private static let entryLength = 34

  public var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.headerLength + Self.entryLength * verifyingShares.count)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint8(Self.version)
    writer.uint32(set)
    writer.uint16(UInt16(threshold))
    writer.uint16(UInt16(verifyingShares.count))
    writer.bytes(point.bytes.bytes)
    writer.bytes(ceremony.bytes)
    for (participant, share) in verifyingShares.sorted(by: { $0.key < $1.key }) {
      writer.uint16(participant.number)
      writer.bytes(share.bytes.bytes)
    }
    return bytes
  }

  /// Decodes strictly: points of the prime-order group, participants in order, shares that fit the key.
  ///
  /// - Throws: ``ThresholdError/malformed(_:)``, ``ThresholdError/invalidParameters``, ``ThresholdError/invalidCommitment(_:)``,
  ///   ``ThresholdError/degenerate`` for the key itself, ``ThresholdError/inconsistent``.
  public init(decoding bytes: RawSpan) throws(ThresholdError) {
    var reader = ByteReader(bytes)
    let version = try parsing(try reader.uint8())
    guard version == Self.version else { throw .malformed(.unknownVersion(version)) }
    let set = try parsing(try reader.uint32())
    let threshold = Int(try parsing(try reader.uint16()))
    let count = Int(try parsing(try reader.uint16()))
    try Self.check(threshold: threshold, of: count)
    let key = try parsing(try Bytes<32>(&reader))
    let ceremony = try parsing(try Bytes<32>(&reader))
    var shares: [Participant: Edwards25519.Point] = [:]
    var previous: UInt16 = 0
    for _ in 0..<count {
      let participant = try parsing(try Participant(&reader))
      guard participant.number > previous else { throw .malformed(.invalidValue) }
      previous = participant.number
      let share = try parsing(try Bytes<32>(&reader))
      do { shares[participant] = try Edwards25519.Point(decoding: share) } catch {
        throw .invalidCommitment(participant)
      }
    }
    try parsing(try reader.finish())
    let point: Edwards25519.Point
    do { point = try Edwards25519.Point(decoding: key) } catch { throw .degenerate }
    try self.init(set: set, threshold: threshold, point: point, verifyingShares: shares, ceremony: ceremony)
  }
}
