// SPDX-License-Identifier: Apache-2.0

/// Takes the fields of one JSON object, each checked for type and range, and in the end refuses fields nobody asked for.
struct FieldReader {
  let path: String
  private let fields: [String: JSONValue]
  private var asked: [String] = []

  init(_ value: JSONValue, path: String) throws(BudgetError) {
    guard case .object(let fields) = value else {
      throw .field(path, problem: "is \(value.typeName)", allowed: "an object")
    }
    self.fields = fields
    self.path = path
  }

  private func name(_ field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }

  /// A field's value, or nil when it is absent or null.
  mutating func optional(_ field: String) -> JSONValue? {
    if !asked.contains(field) { asked.append(field) }
    guard let value = fields[field] else { return nil }
    if case .null = value { return nil }
    return value
  }

  mutating func required(_ field: String, allowed: String) throws(BudgetError) -> JSONValue {
    guard let value = optional(field) else { throw .field(name(field), problem: "is missing", allowed: allowed) }
    return value
  }

  mutating func string(_ field: String) throws(BudgetError) -> String {
    let value = try required(field, allowed: "a string of 1 to 200 characters")
    guard case .string(let text) = value, !text.isEmpty, text.count <= 200 else {
      throw .field(name(field), problem: "is \(value.typeName)", allowed: "a string of 1 to 200 characters")
    }
    return text
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ field: String, of: Choice.Type = Choice.self
  ) throws(BudgetError) -> Choice where Choice.RawValue == String {
    let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    let value = try required(field, allowed: allowed)
    guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
      throw .field(name(field), problem: "is not one of the known values", allowed: allowed)
    }
    return choice
  }

  /// A number with its source: either a bare number, or `{"value": 1, "source": "...", "verified": true}`.
  mutating func constant(_ field: String, in range: ClosedRange<Double>, unit: String) throws(BudgetError) -> Constant {
    let allowed = Self.describe(range, unit)
    return try Self.constant(try required(field, allowed: allowed), name: name(field), in: range, allowed: allowed)
  }

  mutating func optionalConstant(
    _ field: String, in range: ClosedRange<Double>, unit: String
  ) throws(BudgetError) -> Constant? {
    guard let value = optional(field) else { return nil }
    return try Self.constant(value, name: name(field), in: range, allowed: Self.describe(range, unit))
  }

  /// A plain number.
  mutating func number(
    _ field: String, in range: ClosedRange<Double>, unit: String, default fallback: Double? = nil
  ) throws(BudgetError) -> Double {
    let allowed = Self.describe(range, unit)
    guard let value = optional(field) else {
      if let fallback { return fallback }
      throw .field(name(field), problem: "is missing", allowed: allowed)
    }
    return try Self.check(value, name: name(field), in: range, allowed: allowed)
  }

  /// Refuses fields that no reader asked for: a typing error must not silently become a default.
  func finish() throws(BudgetError) {
    for field in fields.keys.sorted() where !asked.contains(field) {
      throw .field(name(field), problem: "is not a field of this object", allowed: asked.joined(separator: ", "))
    }
  }

  private static func constant(
    _ value: JSONValue, name: String, in range: ClosedRange<Double>, allowed: String
  ) throws(BudgetError) -> Constant {
    guard case .object = value else {
      return Constant(try check(value, name: name, in: range, allowed: allowed), source: "budget file")
    }
    var reader = try FieldReader(value, path: name)
    let number = try check(
      try reader.required("value", allowed: allowed), name: "\(name).value", in: range, allowed: allowed)
    let source = try reader.string("source")
    var doubts: Set<Doubt> = []
    for (field, doubt) in [("verified", Doubt.unverified), ("calibrated", .uncalibrated)] {
      guard let flag = reader.optional(field) else { continue }
      guard case .bool(let isCertain) = flag else {
        throw .field("\(name).\(field)", problem: "is \(flag.typeName)", allowed: "true, false")
      }
      if !isCertain { doubts.insert(doubt) }
    }
    try reader.finish()
    return Constant(number, source: source, doubts: doubts)
  }

  private static func check(
    _ value: JSONValue, name: String, in range: ClosedRange<Double>, allowed: String
  ) throws(BudgetError) -> Double {
    guard case .number(let number) = value else {
      throw .field(name, problem: "is \(value.typeName)", allowed: allowed)
    }
    return try check(number, name: name, in: range, allowed: allowed)
  }

  static func check(
    _ number: Double, name: String, in range: ClosedRange<Double>, allowed: String
  ) throws(BudgetError) -> Double {
    guard range.contains(number) else { throw .field(name, problem: "\(number) is out of range", allowed: allowed) }
    return number
  }

  static func describe(_ range: ClosedRange<Double>, _ unit: String) -> String {
    "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound)) \(unit)"
  }

  private static func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
  }
}
