// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes
import Foundation
import GRDB
import GRDBSQLite
import CountersignCrypto
import Wire

/// The hot path: a device by its address or by its key, through statements that are prepared once.
///
/// It reads the columns through SQLite's own functions: a `Row` or a record type would cost several times the lookup. One
/// instance belongs to one connection and is used on that connection's queue only, which makes it sendable.
final class DeviceLookup: @unchecked Sendable {
  static let columns = """
    id, system, device_id, public_key, issuer, generation, last_epoch, signature, pending_key, pending_issuer,
    pending_generation, pending_last_epoch, pending_signature, revoked_through, floor, created_at, changed_at,
    issuance, pending_issuance, role
    """

  private var byAddress: GRDB.Statement?
  private var byKey: GRDB.Statement?
  private var byPendingKey: GRDB.Statement?

  func device(_ address: DeviceAddress, _ db: Database) throws -> RegisteredDevice? {
    let statement = try prepared(&byAddress, "WHERE system = ? AND device_id = ?", db)
    sqlite3_bind_int64(statement, 1, address.system.column)
    sqlite3_bind_int64(statement, 2, address.device.column)
    return try first(statement, db)
  }

  /// The holder of a key: as the one in use, else as the pending one.
  func holder(of key: X25519.PublicKey, _ db: Database) throws -> KeyHolder? {
    let active = try prepared(&byKey, "WHERE key_tag = ? AND public_key = ?", db)
    if let device = try first(active, binding: key, db) { return KeyHolder(device: device, slot: .active) }
    let pending = try prepared(&byPendingKey, "WHERE pending_tag = ? AND pending_key = ?", db)
    return try first(pending, binding: key, db).map { KeyHolder(device: $0, slot: .pending) }
  }

  /// Finalises the statements; otherwise a connection does not close.
  func forgetStatements() {
    byAddress = nil
    byKey = nil
    byPendingKey = nil
  }

  private func prepared(_ place: inout GRDB.Statement?, _ condition: String, _ db: Database) throws -> OpaquePointer {
    if let statement = place { return statement.sqliteStatement }
    let statement = try db.makeStatement(sql: "SELECT \(Self.columns) FROM devices \(condition)")
    place = statement
    return statement.sqliteStatement
  }

  private func first(
    _ statement: OpaquePointer, binding key: X25519.PublicKey, _ db: Database
  ) throws -> RegisteredDevice? {
    sqlite3_bind_int64(statement, 1, key.tag)
    // The key outlives the statement's use: `first` resets the statement, and the next use binds again.
    return try key.bytes.withUnsafeBytes { bytes in
      sqlite3_bind_blob(statement, 2, bytes.baseAddress, Int32(bytes.count), nil)
      defer { sqlite3_bind_null(statement, 2) }
      return try first(statement, db)
    }
  }

  /// Steps once and resets, so that no read transaction stays open behind a lookup.
  private func first(_ statement: OpaquePointer, _ db: Database) throws -> RegisteredDevice? {
    let status = sqlite3_step(statement)
    defer { sqlite3_reset(statement) }
    switch status {
    case SQLITE_ROW: return try RegisteredDevice(statement)
    case SQLITE_DONE: return nil
    default: throw DatabaseError(resultCode: ResultCode(rawValue: status), message: db.lastErrorMessage)
    }
  }
}

extension RegisteredDevice {
  /// Reads the current row of a statement that selects ``DeviceLookup/columns``.
  init(_ row: OpaquePointer) throws {
    let address = DeviceAddress(
      system: SystemID(UInt32(truncatingIfNeeded: sqlite3_column_int64(row, 1))),
      device: DeviceID(column: sqlite3_column_int64(row, 2)))
    let isApplication = sqlite3_column_int64(row, 19) != 0
    self.init(
      address: address,
      certificate: try Certificate(row, address, isApplication, key: 3, fields: 4, signature: 7, kind: 17),
      pending: sqlite3_column_type(row, 8) == SQLITE_NULL
        ? nil : try Certificate(row, address, isApplication, key: 8, fields: 9, signature: 12, kind: 18),
      revokedThrough: Generation(truncatingIfNeeded: sqlite3_column_int64(row, 13)),
      floor: SchemeFloor(rawValue: UInt8(truncatingIfNeeded: sqlite3_column_int64(row, 14))) ?? .certified,
      createdAt: sqlite3_column_int64(row, 15),
      changedAt: sqlite3_column_int64(row, 16),
      rowID: sqlite3_column_int64(row, 0))
  }
}

extension Certificate {
  /// Reads a certificate off the columns of key, issuer, generation, last epoch and signature.
  fileprivate init(
    _ row: OpaquePointer, _ address: DeviceAddress, _ isApplication: Bool, key: Int32, fields: Int32, signature: Int32,
    kind: Int32
  ) throws {
    let subject = CertificateFields(
      issuer: IssuerKeyID(UInt16(truncatingIfNeeded: sqlite3_column_int64(row, fields))),
      system: address.system, device: address.device,
      generation: Generation(truncatingIfNeeded: sqlite3_column_int64(row, fields + 1)),
      lastEpoch: Epoch(truncatingIfNeeded: sqlite3_column_int64(row, fields + 2)), isApplication: isApplication)
    let proof = try Bytes<64>(row, column: signature)
    let publicKey = try Bytes<32>(row, column: key)
    guard let issuance = IdentityCredential.Issuance(column: sqlite3_column_int64(row, kind)) else {
      self.init(fields: subject, publicKey: publicKey, signature: proof)
      return
    }
    let point = try Bytes<32>(copying: proof.bytes.extracting(0..<32))
    self.init(IdentityCredential(fields: subject, issuance: issuance, point: point), publicKey: publicKey)
  }
}

extension Bytes {
  /// Reads a blob; the schema's checks fix its length, but a damaged file may break them.
  fileprivate init(_ row: OpaquePointer, column: Int32) throws {
    let start = sqlite3_column_blob(row, column)
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
    guard bytes.count == count else {
      throw RegistryError.corrupted("devices: a key or a signature of \(bytes.count) bytes")
    }
    self.init()
    var target = mutableBytes
    copyBytes(RawSpan(_unsafeBytes: bytes), to: &target)
  }
}
