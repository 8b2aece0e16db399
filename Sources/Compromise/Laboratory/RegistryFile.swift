// SPDX-License-Identifier: Apache-2.0

import Credentials
import GRDBSQLite
import CountersignCrypto
import Schemes
import Wire

/// The registry's file under the hands of somebody who may write it and asks no trigger for leave.
struct RegistryFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// What a writer makes of a device's row.
  enum Row {
    /// A key of the writer's own, as that of a certificate, without a signature.
    case certificate(X25519.PublicKey)
    /// A key of the writer's own, as that of an identity-based credential: the one which is in the row, or a point of zeros.
    case credential(X25519.PublicKey)
    /// Something of the writer's own in the place of what makes the device's key, and its counter set back.
    case computed([UInt8])

    var words: String {
      switch self {
      case .certificate: "as a certificate's"
      case .credential: "as a credential's"
      case .computed: "as what makes a key"
      }
    }
  }

  /// Writes a device's row.
  func put(_ row: Row, in address: DeviceAddress) throws {
    try dropTriggers()
    switch row {
    case .certificate(let key): try put(key, "issuance = 0, signature = zeroblob(64)", in: address)
    case .credential(let key): try put(key, "issuance = 1", in: address)
    case .computed(let material):
      try execute(
        """
        UPDATE symmetric_devices SET material = x'\(material.hexadecimal)', counter = 0
        WHERE device_id = \(Int64(bitPattern: address.device.rawValue))
        """)
    }
  }

  private func put(_ key: X25519.PublicKey, _ kind: String, in address: DeviceAddress) throws {
    let tag = key.array.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    try execute(
      """
      UPDATE devices SET public_key = x'\(key.array.hexadecimal)', key_tag = \(tag),
        hint = \(RoutingHint.of(key)), \(kind)
      WHERE device_id = \(Int64(bitPattern: address.device.rawValue))
      """)
  }

  /// Makes this file, a copy of before, look as far along as the one that is in use: with the changes' record of that one, and
  /// without what the record is of.
  func pretendToBe(asFarAs current: String) throws {
    try execute(
      """
      ATTACH '\(current)' AS current;
      INSERT INTO audit SELECT * FROM current.audit
        WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM main.audit);
      UPDATE authority SET revocation_sequence = (SELECT revocation_sequence FROM current.authority);
      DETACH current
      """)
  }

  /// The schema's triggers bind those who keep to them.
  private func dropTriggers() throws {
    let names = [
      "devices_floor_rises", "devices_generation_rises", "devices_revocation_rises", "symmetric_floor_rises",
      "symmetric_generation_rises", "symmetric_revocation_rises", "symmetric_counter_rises",
    ]
    for name in names { try execute("DROP TRIGGER IF EXISTS \(name)") }
  }

  private func execute(_ sql: String) throws {
    var database: OpaquePointer?
    guard sqlite3_open(path, &database) == SQLITE_OK else { throw LaboratoryError.noAnswer("cannot open \(path)") }
    defer { sqlite3_close(database) }
    guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
      throw LaboratoryError.noAnswer(String(cString: sqlite3_errmsg(database)))
    }
  }
}
