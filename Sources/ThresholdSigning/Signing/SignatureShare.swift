// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// One signer's part of a signature, which is public: RFC 9591, section 5.2.
public struct SignatureShare: Equatable, Sendable {
  /// Participant (2), z (32).
  public static let encodedLength = 34

  public let participant: Participant
  /// A number below L, little-endian.
  public let z: Bytes<32>

  /// - Throws: ``ThresholdError/invalidSignatureShares(_:)`` when the number is not below L.
  public init(participant: Participant, z: Bytes<32>) throws(ThresholdError) {
    self.participant = participant
    self.z = z
    var number = Edwards25519.Scalar()
    do { try number.load(z.bytes) } catch { throw .invalidSignatureShares([participant]) }
  }

  init(_ participant: Participant, _ z: borrowing Edwards25519.Scalar) {
    self.participant = participant
    var bytes = Bytes<32>()
    var target = bytes.mutableBytes
    copyBytes(z.bytes, to: &target)
    self.z = bytes
  }

  public init(decoding bytes: RawSpan) throws(ThresholdError) {
    var reader = ByteReader(bytes)
    let participant = try parsing(try Participant(&reader))
    let z = try parsing(try Bytes<32>(&reader))
    try parsing(try reader.finish())
    try self.init(participant: participant, z: z)
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(into target: inout MutableRawSpan) {
    var writer = ByteWriter(&target)
    writer.uint16(participant.number)
    writer.bytes(z.bytes)
  }
}
