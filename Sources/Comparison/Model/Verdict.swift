// SPDX-License-Identifier: Apache-2.0

/// What a budget may run out of.
public enum Limit: String, Codable, Sendable, CaseIterable {
  case flash
  case ram
  case firstMessage = "first-message"
  case dutyCycle = "duty-cycle"
  case battery
  case readmission

  /// The budget in words.
  public var words: String {
    switch self {
    case .flash: "flash"
    case .ram: "RAM"
    case .firstMessage: "time to the first message"
    case .dutyCycle: "duty cycle of the band"
    case .battery: "battery life"
    case .readmission: "time to take the fleet back"
    }
  }

  /// The name in the model of how much of it is used.
  var definition: String { "use.\(rawValue)" }
}

/// How many times more than what is known a complete device may take.
public struct Growth: Codable, Equatable, Sendable {
  public var flash = 1.0
  public var ram = 1.0
}

/// Whether something fits, when it is known.
public enum Fit: String, Codable, Sendable, CaseIterable {
  case fits = "yes"
  /// So close to a limit that what is doubtful decides, or known in part only.
  case open
  case fails = "no"
}

/// How much of a limit is used, 1 being all of it, and between which bounds that is sure.
public struct Use: Equatable, Sendable {
  public var value: Double
  public var doubts: Set<Doubt>
  public var low: Double
  public var high: Double

  var fit: Fit { low > 1 ? .fails : high <= 1 ? .fits : .open }
}

/// Whether a scheme fits a budget, and which part of it binds.
public struct Verdict: Equatable, Sendable {
  /// A number that rests on something doubtful may be wrong by this much; a measured time by the spread of its turns, where that is
  /// more.
  public static let margin = 0.1

  public let uses: [Limit: Use]

  init(uses: [Limit: Quantity], growth: Growth, spread: Double) {
    self.uses = Dictionary(
      uniqueKeysWithValues: uses.map { limit, use in
        var margin = use.doubts.subtracting([.atLeast]).isEmpty ? 0 : Self.margin
        if limit == .readmission { margin = max(margin, spread) }
        var high = use.value * (1 + margin)
        if use.doubts.contains(.atLeast) { high *= limit == .flash ? growth.flash : limit == .ram ? growth.ram : 1 }
        return (limit, Use(value: use.value, doubts: use.doubts, low: use.value / (1 + margin), high: high))
      })
  }

  public var fit: Fit {
    let fits = uses.values.map(\.fit)
    return fits.contains(.fails) ? .fails : fits.contains(.open) ? .open : .fits
  }

  /// The limit that decides: the one passed most, else the one whose upper bound passes it most, else the one used most.
  public var binding: Limit? {
    let fit = fit
    let deciding = Limit.allCases.filter { uses[$0] != nil && (fit == .fits || uses[$0]?.fit == fit) }
    func weight(_ limit: Limit) -> Double { (fit == .open ? uses[limit]?.high : uses[limit]?.value) ?? 0 }
    return deciding.max { weight($0) < weight($1) }
  }
}
