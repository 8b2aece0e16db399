// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDB
import GRDBSQLite
import CountersignCrypto
import Schemes
import Wire

extension Bytes {
  /// As a column's value.
  var data: Data { bytes.withUnsafeBytes { Data($0) } }
}

extension X25519.PublicKey {
  /// The key's first eight bytes, which index it: an integer index is a third of the size of one over whole keys.
  var tag: Int64 { bytes.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) } }
}

extension X25519.PublicKey {
  /// What `compact-kk` sends in place of the key, as a column's value.
  var hint: Int { Int(RoutingHint.of(self)) }
}

extension Bytes<8> {
  /// As a column's value: the bits of the big-endian number, signed, so that names with the same start lie together.
  var column: Int64 { bytes.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) } }
}

extension DeviceID {
  /// As a column's value: the same bits, signed.
  var column: Int64 { Int64(bitPattern: rawValue) }

  init(column: Int64) { self.init(UInt64(bitPattern: column)) }
}

extension SystemID {
  var column: Int64 { Int64(rawValue) }
}

extension Credentials.Statement {
  var data: Data {
    var bytes = [UInt8](repeating: 0, count: Self.encodedLength)
    var target = bytes.mutableBytes
    encode(into: &target)
    return Data(bytes)
  }

  /// A statement that the registry stored.
  init(column: Data) throws {
    try self.init(decoding: [UInt8](column).bytes)
  }
}
