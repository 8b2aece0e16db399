// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import GRDBSQLite
import CountersignCrypto
import Wire

/// The floor: the same file, the same row, through SQLite's C functions and nothing else.
final class BareSQLite {
  private var connection: OpaquePointer?
  private var byAddress: OpaquePointer?
  private var byKey: OpaquePointer?

  private static let columns = """
    SELECT id, system, device_id, public_key, issuer, generation, last_epoch, signature, pending_key, pending_issuer,
    pending_generation, pending_last_epoch, pending_signature, revoked_through, floor, created_at, changed_at FROM devices
    """

  init(path: String) {
    precondition(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil) == SQLITE_OK)
    sqlite3_exec(connection, "PRAGMA cache_size = -16384", nil, nil, nil)
    sqlite3_prepare_v2(connection, Self.columns + " WHERE system = ? AND device_id = ?", -1, &byAddress, nil)
    sqlite3_prepare_v2(connection, Self.columns + " WHERE key_tag = ? AND public_key = ?", -1, &byKey, nil)
    precondition(byAddress != nil && byKey != nil)
  }

  deinit {
    sqlite3_finalize(byAddress)
    sqlite3_finalize(byKey)
    sqlite3_close(connection)
  }

  func find(_ address: DeviceAddress) -> Int64 {
    sqlite3_bind_int64(byAddress, 1, Int64(address.system.rawValue))
    sqlite3_bind_int64(byAddress, 2, Int64(bitPattern: address.device.rawValue))
    return first(byAddress)
  }

  func find(_ key: X25519.PublicKey) -> Int64 {
    key.bytes.withUnsafeBytes { bytes in
      sqlite3_bind_int64(byKey, 1, Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
      sqlite3_bind_blob(byKey, 2, bytes.baseAddress, Int32(bytes.count), nil)
      return first(byKey)
    }
  }

  /// Reads every column that the registry reads, and gives back a number that depends on them.
  private func first(_ statement: OpaquePointer?) -> Int64 {
    defer { sqlite3_reset(statement) }
    guard sqlite3_step(statement) == SQLITE_ROW else { return 0 }
    var sum: Int64 = 0
    for column in [0, 1, 2, 4, 5, 6, 13, 14, 15, 16] as [Int32] { sum &+= sqlite3_column_int64(statement, column) }
    for column in [3, 7] as [Int32] {
      let blob = UnsafeRawBufferPointer(
        start: sqlite3_column_blob(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
      sum &+= Int64(blob.first ?? 0)
    }
    if sqlite3_column_type(statement, 8) != SQLITE_NULL { sum &+= 1 }
    return sum
  }
}
