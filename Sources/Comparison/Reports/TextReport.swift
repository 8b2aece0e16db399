// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The comparison for a terminal.
extension Report {
  /// - Parameter width: of the terminal, in characters: tables are folded and sentences wrapped to it.
  public func text(width: Int = 80) -> String {
    let layout = Layout(width: max(width, 40))
    var lines = layout.wrap(situation + ".") + layout.wrap(limits) + layout.wrap(needs)
    lines.append("")
    for sentence in sentences { lines += layout.wrap(sentence) }
    lines += ["", "Does it fit?"] + layout.table(verdicts, textColumns: [1, 2])
    lines += ["", "What was executed against it (countersign matrix)"] + layout.table(cells, textColumns: textColumns)
    lines += ["", "Why, and the keys that the server holds"]
    for row in rows {
      lines += layout.wrap("\(row.profile.scheme.name): \(advice.why(row))", indent: 2, hanging: 2)
      lines += layout.wrap("In the server: \(row.profile.serverKeys.joined(separator: "; ")).", indent: 4)
    }
    lines.append("")
    if let selection {
      lines += layout.table(table(selection, selection.map(\.heading))) + [""]
    } else {
      for group in Column.Group.allCases {
        let columns = columns(group)
        lines += [group.rawValue] + layout.table(table(columns, columns.map(\.shortHeading))) + [""]
      }
    }
    if withSecurity {
      for row in rows {
        lines +=
          layout.wrap("\(row.profile.scheme.name): \(matrix.paragraph(on: row.profile.scheme))", hanging: 2) + [""]
      }
    }
    lines += layout.wrap(Format.legend + ".") + layout.wrap(origin + ".")
    return lines.joined(separator: "\n") + "\n"
  }

  private var textColumns: Set<Int> { Set(1...Need.allCases.count) }

  func table(_ columns: [Column], _ headings: [String]) -> [[String]] {
    [["scheme"] + headings]
      + rows.map { row in [row.profile.scheme.name] + columns.map { Format.marked(row[$0]) } }
  }

  var verdicts: [[String]] {
    [["scheme", "fits", "binds", "of it used"]]
      + rows.map { row in
        let (words, use) = binding(row)
        return [row.profile.scheme.name, row.verdict.fit.rawValue, words, use]
      }
  }

  var cells: [[String]] {
    [["scheme"] + Need.allCases.map(\.rawValue)]
      + rows.map { row in [row.profile.scheme.name] + Need.allCases.map { cell($0, row) } }
  }
}
