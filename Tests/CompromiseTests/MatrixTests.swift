// SPDX-License-Identifier: Apache-2.0

import Schemes
import Compromise
import Foundation
import Testing

/// The whole matrix, run once for all tests of this suite.
private let matrix = Matrix.run()

@Suite("The compromise matrix")
struct MatrixTests {
  /// Attack, scheme, outcome.
  typealias Table = [String: [String: String]]

  static let expectedFile = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "expected.json")

  /// What `countersign compare` decides needs by: the same outcomes, with the attacks' titles and in their order.
  struct Shipped: Codable, Equatable {
    struct Attack: Codable, Equatable {
      let name: String
      let outcomes: [String: String]
      let title: String
    }

    let attacks: [Attack]

    static let file = expectedFile.appending(path: "../../../Sources/Comparison/Resources/matrix.json").standardized
  }

  /// COUNTERSIGN_UPDATE_MATRIX=1 writes the table anew: for whoever has read why it changed.
  @Test("Every cell is what the committed table says")
  func expected() throws {
    var table: Table = [:]
    for cell in matrix.cells { table[cell.attack, default: [:]][cell.scheme.name] = cell.outcome.rawValue }
    if ProcessInfo.processInfo.environment["COUNTERSIGN_UPDATE_MATRIX"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try (encoder.encode(table) + Data("\n".utf8)).write(to: Self.expectedFile)
    }
    let expected = try JSONDecoder().decode(Table.self, from: Data(contentsOf: Self.expectedFile))
    #expect(Set(expected.keys) == Set(table.keys))
    for cell in matrix.cells {
      let wanted = expected[cell.attack]?[cell.scheme.name]
      #expect(
        cell.outcome.rawValue == wanted,
        "\(cell.attack) on \(cell.scheme.name): \(cell.outcome.rawValue), expected \(wanted ?? "nothing"). \(cell.explanation) \(cell.evidence)"
      )
    }
  }

  @Test("What the comparison decides by is what came of the attacks, row by row")
  func shipped() throws {
    let attacks = matrix.attacks.map { attack in
      let cells = matrix.cells.filter { $0.attack == attack.name }
      return Shipped.Attack(
        name: attack.name,
        outcomes: Dictionary(uniqueKeysWithValues: cells.map { ($0.scheme.name, $0.outcome.rawValue) }),
        title: attack.title)
    }
    if ProcessInfo.processInfo.environment["COUNTERSIGN_UPDATE_MATRIX"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try (encoder.encode(Shipped(attacks: attacks)) + Data("\n".utf8)).write(to: Shipped.file)
    }
    #expect(try JSONDecoder().decode(Shipped.self, from: Data(contentsOf: Shipped.file)).attacks == attacks)
  }

  @Test("Every attacker wins somewhere: against a scheme, or in a setting weakened for it")
  func everyAttackerCanWin() {
    for attack in matrix.attacks {
      let wins = matrix.cells.contains { $0.attack == attack.name && $0.outcome == .succeeded }
      let controls = matrix.controls.filter { $0.attack == attack.name }
      #expect(wins || !controls.isEmpty, "\(attack.name) never wins")
      for control in controls {
        #expect(control.outcome == .succeeded, "\(attack.name), \(control.setting): \(control.evidence)")
      }
    }
  }

  @Test("Every cell says why, shows what it met, and all of them together take less than a minute")
  func cells() {
    #expect(matrix.cells.count == matrix.attacks.count * SchemeID.attacked.count)
    for cell in matrix.cells {
      #expect(cell.explanation.hasSuffix(".") || cell.explanation.hasSuffix(")"))
      #expect(!cell.evidence.isEmpty || cell.outcome == .notApplicable, "\(cell.attack) on \(cell.scheme.name)")
    }
  }

  @Test("Outcomes do not depend on luck: a second run has the same")
  func repeatable() {
    let again = Matrix.run(controls: false)
    for (first, second) in zip(matrix.cells, again.cells) {
      #expect(first.outcome == second.outcome, "\(first.attack) on \(first.scheme.name): \(second.evidence)")
    }
  }

  @Test("The reports name every scheme and every attack")
  func reports() throws {
    let json = try matrix.json()
    let page = try matrix.html()
    let tables = matrix.markdown()
    for scheme in SchemeID.attacked { #expect(json.contains(scheme.name) && tables.contains(scheme.name)) }
    for attack in matrix.attacks {
      #expect(json.contains("\"\(attack.name)\"") && page.contains(attack.name) && tables.contains(attack.title))
    }
  }
}
