import Credentials
import GRDBSQLite
import Primitives

/// The registry's file under the hands of somebody who may write it and asks no trigger for leave.
struct RegistryFile {
  let path: String

  init(_ path: String) { self.path = path }

  /// Puts a public key into a device's row, with no signature to go with it.
  func put(_ key: X25519.PublicKey, in address: DeviceAddress) throws {
    let digits = key.array.hexadecimal
    let tag = key.array.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    try execute(
      """
      UPDATE devices SET public_key = x'\(digits)', key_tag = \(tag), signature = zeroblob(64)
      WHERE device_id = \(Int64(bitPattern: address.device.rawValue))
      """)
  }

  /// Takes a device's revocation out.
  func forgetRevocation(of address: DeviceAddress) throws {
    try execute(
      """
      DROP TRIGGER devices_revocation_rises;
      UPDATE devices SET revoked_through = 0 WHERE device_id = \(Int64(bitPattern: address.device.rawValue));
      DELETE FROM revocations WHERE device_id = \(Int64(bitPattern: address.device.rawValue))
      """)
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
