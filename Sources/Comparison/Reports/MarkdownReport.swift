// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The comparison for a document.
extension Report {
  public func markdown() -> String {
    var lines = [situation + ".", "", limits, "", needs, ""]
    if let selection {
      lines += markdown(table(selection, selection.map(\.heading)), beside: verdicts)
    } else {
      for group in Column.Group.allCases {
        let columns = columns(group)
        lines += ["**\(group.rawValue)**", ""] + markdown(table(columns, columns.map(\.shortHeading))) + [""]
      }
      lines += ["**What was executed against it**", ""] + markdown(cells, isText: true) + [""]
      lines += ["| scheme | fits | binds | of it used | keys in the server | why |", "|---|---|---|---:|---|---|"]
      for row in rows {
        let (words, use) = binding(row)
        lines.append(
          "| `\(row.profile.scheme.name)` | \(row.verdict.fit.rawValue) | \(words) | \(use) | "
            + "\(row.profile.serverKeys.joined(separator: "; ")) | \(advice.why(row)) |")
      }
    }
    lines += [""] + sentences
    if withSecurity {
      for row in rows {
        lines += ["", "`\(row.profile.scheme.name)`: \(matrix.paragraph(on: row.profile.scheme))"]
      }
    }
    lines += ["", "_\(Format.legend). \(origin)._"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A table with a heading, the first column being names; beside it the columns of another with the same rows.
  private func markdown(_ table: [[String]], isText: Bool = false, beside other: [[String]] = []) -> [String] {
    let more = other.first.map { $0.count - 1 } ?? 0
    var lines: [String] = []
    for (index, cells) in table.enumerated() {
      let name = index == 0 ? cells[0] : "`\(cells[0])`"
      let rest = cells.dropFirst() + (more > 0 ? other[index].dropFirst() : [])
      lines.append("| \(name) | " + rest.joined(separator: " | ") + " |")
      if index == 0 {
        let numbers = String(repeating: isText ? "---|" : "---:|", count: cells.count - 1)
        lines.append("|---|" + numbers + String(repeating: "---|", count: more))
      }
    }
    return lines
  }
}
