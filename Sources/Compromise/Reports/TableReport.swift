// SPDX-License-Identifier: Apache-2.0

import Schemes

extension Outcome {
  /// As a word of a table.
  var word: String {
    switch self {
    case .succeeded: "open"
    case .failed: "closed"
    case .detected: "detected"
    case .notApplicable: "-"
    case .broken: "broken"
    }
  }
}

extension Matrix {
  static let legend =
    "open: the attack succeeded; closed: it failed; detected: it left a trace that is shown; -: the scheme has nothing of the kind."

  func cell(_ attack: String, _ scheme: SchemeID) -> Cell? {
    cells.first { $0.attack == attack && $0.scheme == scheme }
  }

  /// The groups of the attacks that ran, in order.
  var groups: [AttackGroup] { AttackGroup.allCases.filter { group in attacks.contains { $0.group == group } } }

  /// Tables for documents, one for each group.
  public func markdown() -> String {
    var lines: [String] = []
    for group in groups {
      lines.append("**\(group.rawValue)**\n")
      lines.append("| attack | " + schemes.map { "`\($0.name)`" }.joined(separator: " | ") + " |")
      lines.append("|---|" + schemes.map { _ in "---|" }.joined())
      for attack in attacks where attack.group == group {
        let outcomes = schemes.map { cell(attack.name, $0)?.outcome.emphasised ?? "" }
        lines.append("| \(attack.title) | " + outcomes.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    return lines.joined(separator: "\n") + "\(Self.legend)\n"
  }

  /// The few rows that a reader in a hurry needs, for a few schemes.
  public func compactMarkdown() -> String {
    let rows = Self.compactRows.filter { name in attacks.contains { $0.name == name } }
    var lines = [
      "| who has what, and wants what | " + schemes.map { "`\($0.name)`" }.joined(separator: " | ") + " |"
    ]
    lines.append("|---|" + schemes.map { _ in "---|" }.joined())
    for name in rows {
      let title = attacks.first { $0.name == name }?.title ?? name
      lines.append(
        "| \(title) | " + schemes.map { cell(name, $0)?.outcome.emphasised ?? "" }.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static let compactRows = [
    "memory-reads-others", "memory-reads-own-past", "memory-poses-as-another", "clone-beside-original",
    "root-reads-past",
    "root-poses-as-device", "root-poses-as-server", "registry-read-poses", "registry-written-poses",
    "backup-readmits-revoked", "relay-reads-conversations", "false-certificate", "quantum-reads",
  ]

  /// For a terminal: a table of outcomes, or, when few cells ran, each with its sentence and evidence.
  public func text() -> String {
    if cells.count <= 24 { return cells.map(\.words).joined(separator: "\n\n") + "\n" }
    let width = attacks.map(\.name.count).max() ?? 0
    var lines: [String] = []
    for (number, scheme) in schemes.enumerated() {
      lines.append(String(repeating: " ", count: width + 2) + String(repeating: "|  ", count: number) + scheme.name)
    }
    for group in groups {
      lines.append(group.rawValue)
      for attack in attacks where attack.group == group {
        let marks = schemes.map { cell(attack.name, $0)?.outcome.mark ?? " " }.joined(separator: "  ")
        lines.append(attack.name.padded(to: width + 2) + marks)
      }
    }
    lines.append("\n! the attack succeeded   . it failed   d it was detected   - nothing of the kind")
    lines.append("One cell with its evidence: countersign matrix --scheme certified --attack replay")
    let tenths = Int((seconds * 10).rounded())
    lines.append("\(cells.count) attacks ran in \(tenths / 10).\(tenths % 10) s.")
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Outcome {
  fileprivate var emphasised: String { self == .succeeded ? "**open**" : word }

  fileprivate var mark: String {
    switch self {
    case .succeeded: "!"
    case .failed: "."
    case .detected: "d"
    case .notApplicable: "-"
    case .broken: "?"
    }
  }
}

extension Cell {
  fileprivate var words: String {
    let head = "\(attack) on \(scheme.name): \(outcome.rawValue)\n  \(explanation)"
    return evidence.isEmpty ? head : head + "\n  evidence: \(evidence)"
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
