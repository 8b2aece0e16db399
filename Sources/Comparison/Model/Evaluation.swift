// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A number and what makes it doubtful.
struct Figure: Equatable, Sendable {
  var value: Double
  var doubts: Set<Doubt> = []
}

/// Evaluates formulas over the inputs of one scheme in one budget. Definitions are evaluated once, when they are first asked for.
struct Evaluation {
  let inputs: Inputs
  private let definitions: [String: Definition]
  private var known: [String: Quantity?] = [:]

  init(_ inputs: Inputs, definitions: [String: Definition] = CostModel.definitions) {
    self.inputs = inputs
    self.definitions = definitions
  }

  /// What a definition comes to; nil when something that it needs is not known.
  mutating func quantity(_ name: String) -> Quantity? {
    if let found = known[name] { return found }
    var result: Quantity?
    for rule in definitions[name]?.rules ?? [] {
      guard let figure = figure(rule.formula) else { continue }
      result = Quantity(
        figure.value, rule.kind, from: rule.kind == .onTarget ? inputs.texts["firmware"] ?? "" : rule.from,
        doubts: figure.doubts)
      break
    }
    known.updateValue(result, forKey: name)
    return result
  }

  /// A formula's value, as doubtful as all that it was made of.
  mutating func figure(_ formula: Formula, bytes: Double = 0) -> Figure? {
    switch formula {
    case .number(let number): return Figure(value: number)
    case .bytes: return Figure(value: bytes)
    case .named(let name):
      if let input = inputs.numbers[name] { return input }
      return quantity(name).map { Figure(value: $0.value, doubts: $0.doubts) }
    case .only(let name, let text, let formula):
      return inputs.texts[name] == text ? figure(formula, bytes: bytes) : nil
    case .sum(let list, let formula):
      guard let messages = inputs.messages[list] else { return nil }
      var total = Figure(value: 0)
      for message in messages {
        guard let part = figure(formula, bytes: message) else { return nil }
        total.value += part.value
        total.doubts.formUnion(part.doubts)
      }
      return total
    case .apply(.first, let alternatives):
      for alternative in alternatives {
        if let figure = figure(alternative, bytes: bytes) { return figure }
      }
      return nil
    case .apply(.choose, let arguments):
      guard let condition = figure(arguments[0], bytes: bytes),
        var chosen = figure(arguments[condition.value > 0 ? 1 : 2], bytes: bytes)
      else { return nil }
      chosen.doubts.formUnion(condition.doubts)
      return chosen
    case .apply(let operation, let arguments):
      guard let first = figure(arguments[0], bytes: bytes) else { return nil }
      guard arguments.count > 1 else {
        return Figure(value: Self.apply(operation, first.value, 0), doubts: first.doubts)
      }
      guard let second = figure(arguments[1], bytes: bytes) else { return nil }
      return Figure(
        value: Self.apply(operation, first.value, second.value), doubts: first.doubts.union(second.doubts))
    }
  }

  private static func apply(_ operation: Formula.Operation, _ a: Double, _ b: Double) -> Double {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .ceil: a.rounded(.up)
    case .max: Swift.max(a, b)
    case .exp2: Foundation.exp2(a)
    case .above: a > b ? 1 : 0
    case .choose, .first: preconditionFailure("has a case of its own")
    }
  }
}

extension Formula {
  /// Its value where it needs no input.
  func callAsFunction() -> Double? {
    var evaluation = Evaluation(Inputs())
    return evaluation.figure(self)?.value
  }
}
