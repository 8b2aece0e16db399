// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes

/// Several budgets beside each other, from the same measurements and needs.
public struct SideBySide: Sendable {
  public let reports: [Report]

  public init(_ reports: [Report]) { self.reports = reports }

  /// What is set beside each other, after the verdict.
  private static let columns: [Column] = [.handshakeMj, .firstMessageS, .batteryDays]

  /// Budgets are named by letters in headings, which would be wider than their columns else.
  private var letters: [String] { reports.indices.map { String(UnicodeScalar(UInt8(65 + $0 % 26))) } }

  /// One measure after the other, of every budget.
  private var table: [[String]] {
    guard let schemes = reports.first?.rows.map(\.profile.scheme) else { return [] }
    let titles = ["fits", "binds", "of it used"] + Self.columns.map(\.shortHeading)
    let heading = ["scheme"] + titles.flatMap { title in letters.map { "\($0) \(title)" } }
    return [heading]
      + schemes.map { scheme in
        let found = reports.map { cells(of: scheme, in: $0) }
        return [scheme.name] + titles.indices.flatMap { measure in found.map { $0[measure] } }
      }
  }

  private func cells(of scheme: SchemeID, in report: Report) -> [String] {
    guard let row = report.rows.first(where: { $0.profile.scheme == scheme }) else {
      return Array(repeating: "-", count: 3 + Self.columns.count)
    }
    let (words, use) = report.binding(row)
    return [row.verdict.fit.rawValue, words, use] + Self.columns.map { Format.marked(row[$0]) }
  }

  public func text(width: Int = 80) -> String {
    let layout = Layout(width: max(width, 40))
    var lines: [String] = []
    for (letter, report) in zip(letters, reports) {
      lines +=
        layout.wrap("\(letter), \(report.budget.name): \(report.situation).") + layout.wrap(report.limits, indent: 2)
      for sentence in report.sentences { lines += layout.wrap(sentence, indent: 2) }
      lines.append("")
    }
    // Whether it fits, and what binds, are words.
    let textColumns = Set(1...2 * max(reports.count, 1))
    lines += reports.prefix(1).flatMap { layout.wrap($0.needs) }
    lines += [""] + layout.table(table, textColumns: textColumns)
    lines += [""] + layout.wrap(Format.legend + ".") + reports.prefix(1).flatMap { layout.wrap($0.origin + ".") }
    return lines.joined(separator: "\n") + "\n"
  }

  public func markdown() -> String {
    var lines: [String] = []
    for (letter, report) in zip(letters, reports) {
      lines +=
        ["**\(letter), \(report.budget.name)**: \(report.situation). \(report.limits)", ""] + report.sentences + [""]
    }
    lines += reports.prefix(1).map(\.needs) + [""]
    for (index, cells) in table.enumerated() {
      lines.append("| " + cells.joined(separator: " | ") + " |")
      if index == 0 { lines.append(String(repeating: "|---", count: cells.count) + "|") }
    }
    lines += ["", "_\(Format.legend). \(reports.first?.origin ?? "")._"]
    return lines.joined(separator: "\n") + "\n"
  }

  public func csv() -> String { reports.enumerated().map { $1.csv(withHeading: $0 == 0) }.joined() }

  public func json() throws -> String {
    struct Document: Encodable { var budgets: [Report.Output] }
    let document = Document(budgets: reports.map(\.output))
    return String(decoding: try Report.encoder().encode(document), as: UTF8.self) + "\n"
  }
}
