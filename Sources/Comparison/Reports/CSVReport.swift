// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes

/// The comparison for a spreadsheet: for every column its number, its kind and its doubts (RFC 4180).
extension Report {
  public func csv(withHeading: Bool = true) -> String {
    let columns = selection ?? Column.allCases
    var lines: [String] = []
    if withHeading {
      var heading = ["budget", "scheme", "fits", "binding", "use"]
      heading += columns.flatMap { [$0.rawValue, "\($0.rawValue)_kind"] }
      heading += Need.allCases.map { "need_\($0.rawValue)" }
      heading += limitFields.map(\.name) + ["server_keys", "why"]
      lines.append(heading.joined(separator: ","))
    }
    for row in rows {
      var cells = [
        budget.name, row.profile.scheme.name, row.verdict.fit.rawValue, row.verdict.binding?.rawValue ?? "",
        row.verdict.binding.flatMap { row.verdict.uses[$0] }.map { "\($0.value)" } ?? "",
      ]
      for column in columns {
        let quantity = row[column]
        cells.append(quantity.map { "\($0.value)" } ?? "")
        cells.append(
          quantity.map { ([$0.kind.rawValue] + $0.doubts.sorted().map(\.rawValue)).joined(separator: " ") } ?? "")
      }
      cells += Need.allCases.map { cell($0, row) } + limitFields.map(\.value)
      cells += [row.profile.serverKeys.joined(separator: "; "), advice.why(row)]
      lines.append(cells.map(Self.quote).joined(separator: ","))
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  /// What the verdict was held to.
  private var limitFields: [(name: String, value: String)] {
    let limits = budget.limits
    return [
      ("limit_memory_share", "\(limits.memoryShare)"), ("limit_first_message_seconds", "\(limits.firstMessageSeconds)"),
      ("limit_battery_days", "\(limits.batteryDays)"), ("limit_readmission_seconds", "\(limits.readmissionSeconds)"),
    ]
  }

  private static func quote(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
