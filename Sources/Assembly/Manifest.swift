// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Foundation
import CountersignCrypto
import Registry
import Schemes
import Wire

/// The list of what a batch made, for whoever flashes, labels and ships the devices. It holds no secret.
public enum Manifest {
  /// One device, as JSON names it.
  struct Entry: Encodable {
    let id: String
    let file: String
    let system: UInt32
    let generation: Generation
    /// Of the certificate, and its key; nil where the device has none.
    let lastEpoch: Epoch?
    let publicKey: String?
    /// The CSV's other columns.
    let extra: [String: String]
  }

  /// The manifest's own columns, in their order.
  static let columns = ["id", "file", "system", "generation", "last_epoch", "public_key"]

  /// Writes the manifest, replacing an earlier one as a whole: JSON if the path ends so, otherwise CSV.
  public static func write(_ plan: BatchPlan, of batch: Batch, to path: String) throws(AssemblyError) {
    var entries = [Entry]()
    for row in plan.rows {
      let (generation, certificate) = try registered(row, batch)
      let file = Batch.fileName(row.device, isDeviceFile: row.publicKey == nil)
      entries.append(
        Entry(
          id: String(file.prefix(16)), file: file, system: batch.system.rawValue,
          generation: generation, lastEpoch: certificate?.fields.lastEpoch,
          publicKey: certificate.map { $0.publicKey.bytes.withUnsafeBytes { $0.map { hexadecimal($0) }.joined() } },
          extra: Dictionary(uniqueKeysWithValues: zip(plan.extraColumns, row.extra))))
    }
    let text = path.hasSuffix(".json") ? json(entries) : csv(entries, plan)
    let content = Array(text.utf8)
    try usingFiles(try SecretFile.replace(path, content.bytes))
  }

  private static func registered(
    _ row: BatchPlan.Row, _ batch: Batch
  ) throws(AssemblyError) -> (Generation, Certificate?) {
    let address = batch.address(of: row)
    do throws(RegistryError) {
      if batch.scheme.isSymmetric, let device = try batch.registry.symmetricDevice(address) {
        return (device.generation, nil)
      }
      guard let device = try batch.registry.device(address) else { throw .unknownDevice(address) }
      return (device.certificate.fields.generation, device.certificate)
    } catch { throw .registry(error) }
  }

  private static func json(_ entries: [Entry]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // One device a line: such a file can be read, compared and searched by line tools too. Strings and numbers always encode.
    let lines = entries.map { String(decoding: try! encoder.encode($0), as: UTF8.self) }
    return "[\n" + lines.joined(separator: ",\n") + "\n]\n"
  }

  private static func csv(_ entries: [Entry], _ plan: BatchPlan) -> String {
    var text = CSV.line(columns + plan.extraColumns) + "\n"
    for (entry, row) in zip(entries, plan.rows) {
      let fields = [
        entry.id, entry.file, "\(entry.system)", "\(entry.generation)", entry.lastEpoch.map { "\($0)" } ?? "",
        entry.publicKey ?? "",
      ]
      text += CSV.line(fields + row.extra) + "\n"
    }
    return text
  }
}

private func hexadecimal(_ byte: UInt8) -> String {
  (byte < 16 ? "0" : "") + String(byte, radix: 16)
}
