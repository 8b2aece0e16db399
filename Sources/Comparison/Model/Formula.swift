// SPDX-License-Identifier: Apache-2.0

/// An expression over the inputs of a comparison. The model is made of these; the page evaluates the very same ones, which it is
/// given as JSON, so that no formula is written twice.
public indirect enum Formula: Sendable {
  case number(Double)
  /// A number of the budget, of what was measured or of the firmware's results, or another definition of the model.
  case named(String)
  /// The message that the sum around it is at, in bytes.
  case bytes
  case apply(Operation, [Formula])
  /// Over the messages of a list: `up`, `down` or `rotation`.
  case sum(String, Formula)
  /// Present only where the text of that name is this one.
  case only(String, is: String, Formula)

  public enum Operation: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case ceil, max, exp2
    /// 1 where the first is above the second, else 0.
    case above
    /// The second where the first is above 0, else the third; the other one is not looked at.
    case choose
    /// The first that is present. Every other operation is absent when one of its arguments is.
    case first
  }
}

extension Formula: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
  public init(floatLiteral value: Double) { self = .number(value) }
}

extension Formula {
  static func + (a: Formula, b: Formula) -> Formula { .apply(.add, [a, b]) }
  static func - (a: Formula, b: Formula) -> Formula { .apply(.subtract, [a, b]) }
  static func * (a: Formula, b: Formula) -> Formula { .apply(.multiply, [a, b]) }
  static func / (a: Formula, b: Formula) -> Formula { .apply(.divide, [a, b]) }
  static func > (a: Formula, b: Formula) -> Formula { .apply(.above, [a, b]) }
  static func ceil(_ a: Formula) -> Formula { .apply(.ceil, [a]) }
  static func exp2(_ a: Formula) -> Formula { .apply(.exp2, [a]) }
  static func max(_ a: Formula, _ b: Formula) -> Formula { .apply(.max, [a, b]) }
  static func first(_ alternatives: Formula...) -> Formula { .apply(.first, alternatives) }
  static func choose(_ condition: Formula, _ yes: Formula, else no: Formula) -> Formula {
    .apply(.choose, [condition, yes, no])
  }

  /// The formula with another in the place of every `bytes` that no sum of its own binds.
  func on(_ message: Formula) -> Formula {
    switch self {
    case .bytes: message
    case .number, .named, .sum: self
    case .apply(let operation, let arguments): .apply(operation, arguments.map { $0.on(message) })
    case .only(let name, let text, let formula): .only(name, is: text, formula.on(message))
    }
  }
}

/// Numbers are numbers, names are strings, everything else is a list that begins with what it is.
extension Formula: Encodable {
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .number(let number):
      var container = encoder.singleValueContainer()
      try container.encode(number)
    case .named(let name):
      var container = encoder.singleValueContainer()
      try container.encode(name)
    case .bytes:
      var container = encoder.unkeyedContainer()
      try container.encode("bytes")
    case .apply(let operation, let arguments):
      var container = encoder.unkeyedContainer()
      try container.encode(operation.rawValue)
      for argument in arguments { try container.encode(argument) }
    case .sum(let list, let formula):
      var container = encoder.unkeyedContainer()
      try container.encode("sum")
      try container.encode(list)
      try container.encode(formula)
    case .only(let name, let text, let formula):
      var container = encoder.unkeyedContainer()
      try container.encode("only")
      try container.encode(name)
      try container.encode(text)
      try container.encode(formula)
    }
  }
}
