/// Where a printed number comes from. No number is printed without it.
public enum Kind: String, Codable, Sendable, CaseIterable {
  /// Measured in this run, on this machine.
  case live
  /// Taken from the results of the firmware images.
  case onTarget = "on-target"
  /// Computed by a formula that docs/reference/formulas.md names.
  case computed
  /// A constant, with its source.
  case constant

  /// The letter that stands behind the number in tables.
  public var letter: String {
    switch self {
    case .live: "m"
    case .onTarget: "t"
    case .computed: "c"
    case .constant: "k"
    }
  }
}

/// A number and its origin.
public struct Quantity: Codable, Equatable, Sendable {
  public var value: Double
  public var kind: Kind
  /// The formula's name, the constant's source, or the command and date of a measurement.
  public var from: String
  /// False as soon as one constant in it has not been checked against its source.
  public var verified: Bool

  public init(_ value: Double, _ kind: Kind, from: String, verified: Bool = true) {
    self.value = value
    self.kind = kind
    self.from = from
    self.verified = verified
  }

  static func live(_ value: Double, _ what: String) -> Quantity { Quantity(value, .live, from: what) }

  /// The result of `formula` over constants: as trustworthy as the worst of them.
  static func computed(_ value: Double, by formula: String, over constants: [Constant?] = []) -> Quantity {
    Quantity(value, .computed, from: formula, verified: constants.allSatisfy { $0?.verified ?? true })
  }
}

/// A number that somebody published or decided, and who.
public struct Constant: Codable, Equatable, Sendable {
  public var value: Double
  public var source: String
  /// Whether the value was read in its source, and not recalled.
  public var verified: Bool

  public init(_ value: Double, source: String, verified: Bool = true) {
    self.value = value
    self.source = source
    self.verified = verified
  }
}
