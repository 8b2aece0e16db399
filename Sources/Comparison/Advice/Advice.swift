// SPDX-License-Identifier: Apache-2.0

import Schemes

/// What to choose, and why not the others: the needs exclude by rows of the executed matrix, the budget excludes what does not fit, and
/// of what is left the scheme with the fewest bytes on the wire is taken. That order is the same on every device and in every run.
public struct Advice: Sendable {
  public let budget: Budget
  public let needs: [Need]
  public let rows: [Row]
  /// The scheme to choose; nil when none meets the needs and may fit.
  public let choice: Row?
  let matrix: ExecutedMatrix
  /// The schemes that meet every need.
  private let candidates: [Row]

  public init(_ rows: [Row], _ budget: Budget, needs: [Need] = Need.always, matrix: ExecutedMatrix = .shipped) {
    self.rows = rows
    self.budget = budget
    self.needs = needs
    self.matrix = matrix
    let candidates = rows.filter {
      matrix.hasCells(of: $0.profile.scheme) && matrix.unmet(needs, on: $0.profile.scheme) == nil
    }
    func cheapest(_ fit: Fit) -> Row? {
      candidates.filter { $0.verdict.fit == fit }.min { $0.bytes < $1.bytes }
    }
    self.candidates = candidates
    choice = cheapest(.fits) ?? cheapest(.open)
  }

  /// Why it is that choice, in a sentence; or why there is none.
  public var reason: String {
    guard let choice else {
      guard let nearest = candidates.min(by: { $0.mostUse < $1.mostUse }), let limit = nearest.verdict.binding else {
        return Words.noneMeets()
      }
      return Words.noneFits([
        "scheme": nearest.profile.scheme.name, "use": Format.short(nearest.mostUse), "limit": limit.words,
      ])
    }
    let alike = candidates.filter { $0.verdict.fit == choice.verdict.fit }.count
    let words: Words = choice.verdict.fit == .open ? .chooseOpen : alike == 1 ? .chooseAlone : .choose
    return words([
      "scheme": choice.profile.scheme.name, "count": "\(alike)", "bytes": Format.short(choice.bytes),
    ])
  }

  /// Of one scheme: that it was chosen, or the first thing that speaks against it.
  public func why(_ row: Row) -> String {
    let scheme = row.profile.scheme
    guard matrix.hasCells(of: scheme) else { return Words.unattacked() }
    if let (need, attack) = matrix.unmet(needs, on: scheme) {
      return Words.unmet([
        "need": need.question, "title": attack.title, "outcome": attack.outcomes[scheme.name]?.word ?? "not run",
        "scheme": scheme.name, "attack": attack.name,
      ])
    }
    guard let limit = row.verdict.binding, let use = row.verdict.uses[limit] else { return "" }
    if scheme == choice?.profile.scheme {
      return Words.chosen(["limit": limit.words, "share": Self.share(use)])
    }
    switch row.verdict.fit {
    case .fails: return Words.fails(["limit": limit.words, "use": Format.short(use.value)])
    case .open:
      return Words.unsure(["limit": limit.words, "share": Self.share(use), "rest": Self.rest(use.doubts)])
    case .fits:
      guard let choice, row.bytes > choice.bytes else { return Words.equal() }
      return Words.dearer(["ratio": Format.short(row.bytes / choice.bytes), "bytes": Format.short(row.bytes)])
    }
  }

  /// How much of a limit is used, in percent: where that is what decides, from the least to the most.
  static func share(_ use: Use) -> String {
    guard use.fit == .open else { return Format.short(100 * use.value) }
    return "\(Format.short(100 * use.low)) to \(Format.short(100 * use.high))"
  }

  static func rest(_ doubts: Set<Doubt>) -> String {
    doubts.isEmpty ? "" : Words.restsOn(["doubts": Words.list(doubts)])
  }
}

extension Row {
  var bytes: Double { self[.handshakeBytes]?.value ?? 0 }
  /// How much is used of the limit that binds.
  var mostUse: Double { verdict.binding.flatMap { verdict.uses[$0]?.value } ?? 0 }
}
