// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  /// The patterns of the specification by name. Only code that parses names links this table.
  extension HandshakePattern {
    /// The one-way patterns (section 7.4).
    public static let oneWay: [HandshakePattern] = [.N, .K, .X]

    /// The interactive fundamental patterns (section 7.5).
    public static let interactive: [HandshakePattern] = [
      .NN, .NK, .NX, .XN, .XK, .XX, .KN, .KK, .KX, .IN, .IK, .IX,
    ]

    /// The deferred patterns (appendix 18.1).
    public static let deferred: [HandshakePattern] = [
      .NK1, .NX1, .X1N, .X1K, .XK1, .X1K1, .X1X, .XX1, .X1X1, .K1N, .K1K, .KK1, .K1K1, .K1X, .KX1, .K1X1, .I1N, .I1K,
      .IK1, .I1K1, .I1X, .IX1, .I1X1,
    ]

    /// All of them.
    public static let all: [HandshakePattern] = oneWay + interactive + deferred

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ("\($0.name)", $0) })

    /// The pattern that a name with modifiers stands for, for example `XXfallback+psk0` (section 8.1).
    ///
    /// - Throws: ``NoiseError/unknownName``, or ``NoiseError/invalidPattern(_:)`` for a modifier that does not fit.
    public init(named text: some StringProtocol) throws(NoiseError) {
      let base = text.prefix { $0.isASCII && ($0.isUppercase || $0.isNumber) }
      guard text.utf8.count <= PatternName.capacity, var pattern = Self.byName[String(base)] else {
        throw .unknownName
      }
      let modifiers = text[base.endIndex...]
      if !modifiers.isEmpty {
        for modifier in modifiers.split(separator: "+", omittingEmptySubsequences: false) {
          pattern = try pattern.modified(by: modifier)
        }
      }
      try pattern.validate()
      self = pattern
    }

    private func modified(by modifier: some StringProtocol) throws(NoiseError) -> HandshakePattern {
      if modifier == "fallback" { return try fallback() }
      if modifier == "hfs" { return try hfs() }
      guard modifier.utf8.count == 4, modifier.hasPrefix("psk"), let digit = modifier.last?.wholeNumberValue else {
        throw .unknownName
      }
      return try psk(digit)
    }
  }

  extension PatternName: CustomStringConvertible, Hashable {
    public var description: String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
    public static func == (a: Self, b: Self) -> Bool { a.description == b.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
  }
#endif
