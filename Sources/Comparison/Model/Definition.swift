// SPDX-License-Identifier: Apache-2.0

/// A name of the model and how its number is found: by the first rule whose formula can be evaluated.
struct Definition: Encodable, Sendable {
  struct Rule: Encodable, Sendable {
    var kind: Kind
    /// The formula's name in docs/reference/formulas.md, or what was measured.
    var from: String
    var formula: Formula
  }

  var name: String
  var rules: [Rule]

  init(_ name: String, _ rules: Rule...) {
    self.name = name
    self.rules = rules
  }

  init(_ column: Column, _ rules: Rule...) {
    name = column.rawValue
    self.rules = rules
  }

  init(_ limit: Limit, _ rules: Rule...) {
    name = limit.definition
    self.rules = rules
  }
}

extension Definition.Rule {
  static func live(_ what: String, _ formula: Formula) -> Self { Self(kind: .live, from: what, formula: formula) }
  static func onTarget(_ formula: Formula) -> Self { Self(kind: .onTarget, from: "", formula: formula) }
  static func computed(_ name: String, _ formula: Formula) -> Self {
    Self(kind: .computed, from: name, formula: formula)
  }
}

extension Formula {
  static func column(_ column: Column) -> Formula { .named(column.rawValue) }
}

/// Definitions, one a statement: each is checked by itself, which a compiler does much faster than a list of them.
@resultBuilder
enum DefinitionList {
  static func buildBlock(_ definitions: Definition...) -> [Definition] { definitions }
}
