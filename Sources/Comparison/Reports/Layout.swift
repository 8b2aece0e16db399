// SPDX-License-Identifier: Apache-2.0

/// Text for a terminal of some width.
struct Layout {
  let width: Int

  /// Lines of words, none longer than the width but a word that is; all but the first indented further.
  func wrap(_ text: String, indent: Int = 0, hanging: Int = 0) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let start = String(repeating: " ", count: indent + (lines.isEmpty ? 0 : hanging))
      if line.isEmpty {
        line = start + word
      } else if line.count + 1 + word.count <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = String(repeating: " ", count: indent + hanging) + word
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  /// A table whose first column is repeated in front of as many others as fit beside it. First and text columns stand to the left,
  /// numbers to the right.
  func table(_ rows: [[String]], textColumns: Set<Int> = []) -> [String] {
    let count = rows.first?.count ?? 0
    let widths = (0..<count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines: [String] = []
    var next = 1
    while next < count {
      var end = next
      var used = 2 + (widths.first ?? 0)
      while end < count, end == next || used + 2 + widths[end] <= width {
        used += 2 + widths[end]
        end += 1
      }
      if !lines.isEmpty { lines.append("") }
      for cells in rows {
        let padded = ([0] + Array(next..<end)).map { column in
          let space = String(repeating: " ", count: widths[column] - cells[column].count)
          return column == 0 || textColumns.contains(column) ? cells[column] + space : space + cells[column]
        }
        var line = "  " + padded.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        lines.append(line)
      }
      next = end
    }
    return lines
  }
}
