import Schemes

/// The comparison for a terminal.
extension Report {
  public func text() -> String {
    var lines = [situation, ""]
    if let selection {
      lines += table(selection, headings: selection.map(\.heading)) + [""]
    } else {
      for group in Column.Group.allCases {
        let columns = columns(group)
        lines += [group.rawValue] + table(columns, headings: columns.map(Self.heading)) + [""]
      }
    }
    lines.append("Keys that the server holds, and the verdict")
    for row in rows {
      lines.append("  \(row.profile.scheme.name): \(row.profile.serverKeys.joined(separator: "; "))")
      lines.append("    \(Advice.sentence(row))")
    }
    lines.append("")
    lines += Advice.summary(rows, budget)
    lines += ["", Format.legend, origin]
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(_ columns: [Column], headings: [String]) -> [String] {
    Self.align(
      [["scheme"] + headings]
        + rows.map { row in [row.profile.scheme.name] + columns.map { Format.marked(row.values[$0.key]) } })
  }

  /// Columns as wide as their widest cell; the first to the left, numbers to the right.
  static func align(_ table: [[String]]) -> [String] {
    let widths = (0..<(table.first?.count ?? 0)).map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { cells in
      let padded = cells.enumerated().map { index, cell in
        let space = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + space : space + cell
      }
      return "  " + padded.joined(separator: "  ")
    }
  }
}
