// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// The stored form of a trust store: what a device must keep across a restart.
///
/// Layout: anchors (2 x 32, zero where there is none), system (4), epoch (2), policies (8 x 10, zero where there is none),
/// the epoch until which the revocations overflow or 0 when they do not (2), revocations (32 x 16). Big-endian.
extension TrustStore {
  public static let encodedLength =
    2 * 32 + 4 + 2 + maximumPolicyCount * PolicyContent.contentLength + 2 + RevocationList.capacity * 16

  public init(_ reader: inout ByteReader) throws(WireError) {
    self.init(anchor: Bytes(), system: SystemID(0), epoch: 0)
    try load(&reader)
  }

  /// Replaces all of it, in place. After an error it must be loaded again before it is used.
  public mutating func load(_ reader: inout ByteReader) throws(WireError) {
    anchors[0] = try Bytes<32>(&reader)
    let second = try Bytes<32>(&reader)
    anchors[1] = second == Bytes() ? nil : second
    system = SystemID(try reader.uint32())
    epoch = try reader.uint16()
    for index in policies.indices {
      let policy = try PolicyContent(flags: 0, &reader)
      policies[index] = policy.from == policy.to ? nil : policy
    }
    revocations.overflowsUntil = try reader.uint16()
    revocations.encoded.copy(from: try reader.bytes(RevocationList.capacity * 16))
  }

  /// Writes ``encodedLength`` bytes.
  public func encode(_ writer: inout ByteWriter) {
    for index in anchors.indices { writer.bytes((anchors[index] ?? Bytes()).bytes) }
    writer.uint32(system.rawValue)
    writer.uint16(epoch)
    for index in policies.indices {
      let policy = policies[index] ?? PolicyContent(from: SystemID(0), to: SystemID(0), lastEpoch: 0)
      policy.encode(&writer)
    }
    writer.uint16(revocations.overflowsUntil)
    writer.bytes(revocations.encoded.bytes)
  }
}
