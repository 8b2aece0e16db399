// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a signer tells before it signs: its two nonces, hiding and binding, times the base point (RFC 9591, section 5.1). They serve
/// one signature.
public struct NonceCommitments: Equatable, Sendable {
  /// Participant (2), hiding (32), binding (32).
  public static let encodedLength = 66

  public let participant: Participant
  public let hiding: Edwards25519.Point
  public let binding: Edwards25519.Point

  public init(participant: Participant, hiding: Edwards25519.Point, binding: Edwards25519.Point) {
    self.participant = participant
    self.hiding = hiding
    self.binding = binding
  }

  /// - Throws: ``ThresholdError/malformed(_:)``; ``ThresholdError/invalidCommitment(_:)`` for what is no point of the prime-order
  ///   group, not canonical, or the neutral one.
  public init(decoding bytes: RawSpan) throws(ThresholdError) {
    var reader = ByteReader(bytes)
    participant = try parsing(try Participant(&reader))
    let hiding = try parsing(try Bytes<32>(&reader))
    let binding = try parsing(try Bytes<32>(&reader))
    try parsing(try reader.finish())
    do {
      self.hiding = try Edwards25519.Point(decoding: hiding)
      self.binding = try Edwards25519.Point(decoding: binding)
    } catch { throw .invalidCommitment(participant) }
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    writer.uint16(participant.number)
    writer.bytes(hiding.bytes.bytes)
    writer.bytes(binding.bytes.bytes)
  }
}
