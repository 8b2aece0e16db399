// SPDX-License-Identifier: Apache-2.0

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

/// Why a number is less than certain. A computed number has the doubts of everything in it.
public enum Doubt: String, Codable, Sendable, CaseIterable, Comparable {
  /// A constant in it was recalled or assumed, and not read in its source.
  case unverified
  /// Cycles in it are those of a model that knows no wait states and was not held against hardware.
  case uncalibrated
  /// A time in it was measured in this run, and comes out otherwise in another.
  case timed
  /// It is at least that: there is no firmware image of a complete device, only of a part.
  case atLeast = "at-least"

  /// What stands behind the number in tables, after the letter of its kind.
  public var mark: String {
    switch self {
    case .unverified: "?"
    case .uncalibrated: "~"
    case .timed: "*"
    case .atLeast: "+"
    }
  }

  public var words: String {
    switch self {
    case .unverified: "a constant that was not verified"
    case .uncalibrated: "cycles of an uncalibrated model"
    case .timed: "a time measured in this run"
    case .atLeast: "an image of less than a complete device"
    }
  }

  public static func < (a: Doubt, b: Doubt) -> Bool { a.rank < b.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A number and its origin.
public struct Quantity: Equatable, Sendable {
  public var value: Double
  public var kind: Kind
  /// The formula's name, the constant's source, or the command and date of a measurement.
  public var from: String
  public var doubts: Set<Doubt>

  public init(_ value: Double, _ kind: Kind, from: String, doubts: Set<Doubt> = []) {
    self.value = value
    self.kind = kind
    self.from = from
    self.doubts = doubts
  }

  /// The letter of the kind and the marks of the doubts, as tables have them.
  var mark: String { kind.letter + doubts.sorted().filter { kind != .live || $0 != .timed }.map(\.mark).joined() }
}

extension Quantity: Encodable {
  private enum CodingKeys: CodingKey { case value, kind, from, doubts }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value, forKey: .value)
    try container.encode(kind, forKey: .kind)
    try container.encode(from, forKey: .from)
    try container.encode(doubts.sorted(), forKey: .doubts)
  }
}

/// A number that somebody published or decided, and who.
public struct Constant: Codable, Equatable, Sendable {
  public var value: Double
  public var source: String
  /// In their order.
  public var doubts: [Doubt]

  public init(_ value: Double, source: String, doubts: Set<Doubt> = []) {
    self.value = value
    self.source = source
    self.doubts = doubts.sorted()
  }

  /// Whether the value was read in its source, and not recalled.
  public var verified: Bool { !doubts.contains(.unverified) }
}
