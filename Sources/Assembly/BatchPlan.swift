// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What a batch is to make: one row per device, checked as a whole before anything is done.
public struct BatchPlan: Sendable {
  public struct Row: Sendable {
    public let line: Int
    public let device: DeviceID
    /// Given when the device made its key itself: it gets a certificate instead of a device file.
    public let publicKey: X25519.PublicKey?
    /// Given when the device has a key already, 32 bytes, in a scheme in which the server has it too.
    public let secretKey: [UInt8]?
    /// The other columns, carried into the manifest.
    public let extra: [String]
  }

  /// The names of the columns that are copied to the manifest.
  public let extraColumns: [String]
  public let rows: [Row]

  /// Whether the table holds secrets.
  public var hasSecretKeys: Bool { rows.contains { $0.secretKey != nil } }

  /// Reads a CSV whose header names the column `id` (16 hexadecimal digits) and, optionally, `public_key` or `secret_key` (64). Any other
  /// column is carried into the manifest, and has another name than the manifest's own.
  public init(csv bytes: [UInt8]) throws(AssemblyError) {
    let csv = try CSV(parsing: bytes)
    guard let header = csv.rows.first else { throw .csv(line: 1, .empty) }
    for (index, name) in header.fields.enumerated() where header.fields[..<index].contains(name) {
      throw .csv(line: header.line, .duplicateColumn(name))
    }
    guard let idColumn = header.fields.firstIndex(of: "id") else { throw .csv(line: header.line, .missingColumn("id")) }
    let keyColumn = header.fields.firstIndex(of: "public_key")
    let secretColumn = header.fields.firstIndex(of: "secret_key")
    let extra = header.fields.indices.filter { $0 != idColumn && $0 != keyColumn && $0 != secretColumn }
    extraColumns = extra.map { header.fields[$0] }
    for name in extraColumns where Manifest.columns.contains(name) {
      throw .csv(line: header.line, .reservedColumn(name))
    }

    var lineOfID = [DeviceID: Int]()
    var lineOfKey = [X25519.PublicKey: Int]()
    var lineOfSecret = [[UInt8]: Int]()
    var rows = [Row]()
    for row in csv.rows.dropFirst() {
      guard row.fields.count == header.fields.count else {
        throw .csv(
          line: row.line, .wrongFieldCount(expected: header.fields.count, actual: row.fields.count))
      }
      let text = row.fields[idColumn]
      guard text.utf8.count == 16, let raw = hexadecimal(text) else { throw .csv(line: row.line, .invalidID(text)) }
      let device = DeviceID(raw.reduce(0) { $0 << 8 | UInt64($1) })
      if let first = lineOfID.updateValue(row.line, forKey: device) {
        throw .csv(line: row.line, .duplicateID(text, firstLine: first))
      }
      var key: X25519.PublicKey?
      if let keyColumn, !row.fields[keyColumn].isEmpty {
        guard let raw = hexadecimal(row.fields[keyColumn]), let parsed = try? X25519.PublicKey(copying: raw.bytes)
        else {
          throw .csv(line: row.line, .invalidPublicKey)
        }
        if let first = lineOfKey.updateValue(row.line, forKey: parsed) {
          throw .csv(line: row.line, .duplicatePublicKey(firstLine: first))
        }
        key = parsed
      }
      var secret: [UInt8]?
      if let secretColumn, !row.fields[secretColumn].isEmpty {
        guard let raw = hexadecimal(row.fields[secretColumn]), raw.count == 32 else {
          throw .csv(line: row.line, .invalidSecretKey)
        }
        // Devices that share a key have another scheme.
        if let first = lineOfSecret.updateValue(row.line, forKey: raw) {
          throw .csv(line: row.line, .duplicateSecretKey(firstLine: first))
        }
        secret = raw
      }
      rows.append(
        Row(
          line: row.line, device: device, publicKey: key, secretKey: secret, extra: extra.map { row.fields[$0] }))
    }
    self.rows = rows
  }
}

/// The bytes that hexadecimal digits stand for.
private func hexadecimal(_ text: String) -> [UInt8]? {
  let digits = text.utf8.map { digit -> UInt8? in
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
  guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0]! << 4 | digits[$0 + 1]! }
}
