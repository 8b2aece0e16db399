import Schemes

/// The comparison for a document.
extension Report {
  public func markdown() -> String {
    if let selection { return markdown(selection) }
    var lines = [situation + ".", ""]
    for group in Column.Group.allCases {
      let columns = columns(group)
      lines.append("**\(group.rawValue)**")
      lines.append("")
      lines.append("| scheme | " + columns.map(Self.heading).joined(separator: " | ") + " |")
      lines.append("|---|" + columns.map { _ in "---:|" }.joined())
      for row in rows {
        let cells = columns.map { Format.marked(row.values[$0.key]) }
        lines.append("| `\(row.profile.scheme.name)` | " + cells.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    lines += ["| scheme | fits | binds | keys in the server | advice |", "|---|---|---|---|---|"]
    for row in rows {
      let binding = row.verdict.binding?.words ?? "-"
      lines.append(
        "| `\(row.profile.scheme.name)` | \(row.verdict.fits ? "yes" : "no") | \(binding) | "
          + "\(row.profile.serverKeys.joined(separator: "; ")) | \(Advice.sentence(row)) |")
    }
    lines += [""] + Advice.summary(rows, budget) + ["", "_\(Format.legend). \(origin)._"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// One table of some columns, and what the whole comparison says.
  private func markdown(_ columns: [Column]) -> String {
    var lines = [situation + ".", ""]
    lines.append("| scheme | " + columns.map(\.heading).joined(separator: " | ") + " | fits | binds |")
    lines.append("|---|" + columns.map { _ in "---:|" }.joined() + "---|---|")
    for row in rows {
      let cells = columns.map { Format.marked(row.values[$0.key]) }
      lines.append(
        "| `\(row.profile.scheme.name)` | " + cells.joined(separator: " | ")
          + " | \(row.verdict.fits ? "yes" : "no") | \(row.verdict.binding?.words ?? "-") |")
    }
    lines += [""] + Advice.summary(rows, budget) + ["", "_\(Format.legend). \(origin)._"]
    return lines.joined(separator: "\n") + "\n"
  }
}
