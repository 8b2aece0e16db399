/// The comparison for a document.
extension Report {
  public func markdown() -> String {
    var lines = [situation + ".", ""]
    for group in Column.Group.allCases {
      let columns = columns(group)
      lines.append("**\(group.rawValue)**")
      lines.append("")
      lines.append("| scheme | " + columns.map(Self.heading).joined(separator: " | ") + " |")
      lines.append("|---|" + columns.map { _ in "---:|" }.joined())
      for row in rows {
        let cells = columns.map { Format.marked(row.values[$0.key]) }
        lines.append("| `\(row.profile.scheme.rawValue)` | " + cells.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    lines += ["| scheme | fits | binds | keys in the server | advice |", "|---|---|---|---|---|"]
    for row in rows {
      let binding = row.verdict.binding?.words ?? "-"
      lines.append(
        "| `\(row.profile.scheme.rawValue)` | \(row.verdict.fits ? "yes" : "no") | \(binding) | "
          + "\(row.profile.serverKeys.joined(separator: "; ")) | \(Advice.sentence(row)) |")
    }
    lines += [""] + Advice.summary(rows) + ["", "_\(Format.legend). \(origin)._"]
    return lines.joined(separator: "\n") + "\n"
  }
}
