// SPDX-License-Identifier: Apache-2.0

import Schemes

/// The whole comparison in sentences.
extension Advice {
  /// What to choose, what it rests on and leaves open, what the derived key costs less, and what would turn it.
  public func summary() -> [String] {
    guard let choice else { return [reason] }
    return [reason, choice.profile.remark] + used(choice) + open(choice) + besideDerivedKey(choice)
      + Sensitivity(choice).sentences()
  }

  private func used(_ choice: Row) -> [String] {
    guard let limit = choice.verdict.binding, let use = choice.verdict.uses[limit] else { return [] }
    let names = choice.inputs.numbers.filter { name, figure in
      figure.doubts.contains(.unverified) && Sensitivity.isConstant(name)
    }.keys.sorted()
    return [
      Words.used(["limit": limit.words, "share": Self.share(use), "rest": Self.rest(use.doubts)])
    ] + (names.isEmpty ? [] : [Words.doubted(["names": names.joined(separator: ", ")])])
  }

  private func open(_ choice: Row) -> [String] {
    let scheme = choice.profile.scheme
    let titles = matrix.attacks.filter { $0.outcomes[scheme.name] == .succeeded }.map(\.title)
    return titles.isEmpty ? [] : [Words.open(["scheme": scheme.name, "attacks": titles.joined(separator: "; ")])]
  }

  /// In what a handshake of the chosen scheme is set beside one of the derived key.
  static let compared: [(column: Column, what: String)] = [
    (.handshakeBytes, "bytes on the wire"), (.cpuMs, "processor time"), (.handshakeMj, "energy"),
    (.serverUs, "server time"),
  ]

  private func besideDerivedKey(_ choice: Row) -> [String] {
    guard choice.profile.isPublicKey, let rival = rows.first(where: { $0.profile.scheme == .derivedKey }) else {
      return []
    }
    var wins: [String] = []
    for (column, what) in Self.compared {
      guard let mine = choice[column], let its = rival[column], its.value > 0 else { continue }
      let kinds =
        mine.kind == its.kind ? "" : Words.otherKind(["mine": mine.kind.rawValue, "other": its.kind.rawValue])
      wins.append(Words.win(["ratio": Format.short(mine.value / its.value), "what": what]) + kinds)
    }
    return [Words.wins(["scheme": choice.profile.scheme.name, "wins": wins.joined(separator: ", ")])]
      + battery(choice, rival) + [Words.pays(["remark": rival.profile.remark])]
  }

  /// How much longer the battery lasts with the derived key, and from how many handshakes a day on that is a tenth.
  private func battery(_ choice: Row, _ rival: Row) -> [String] {
    guard let mine = choice[.batteryDays]?.value, let its = rival[.batteryDays]?.value,
      let myHandshake = choice[.handshakeMj]?.value, let itsHandshake = rival[.handshakeMj]?.value,
      let content = choice.number("content_mj")
    else { return [] }
    let rate = budget.usage.handshakesPerDay
    let myRest = content / mine - rate * myHandshake
    let itsRest = content / its - rate * itsHandshake
    let tenth = (itsRest - 0.9 * myRest) / (0.9 * myHandshake - itsHandshake)
    return [
      Words.shorter([
        "days": Format.short(its - mine), "all": Format.short(its), "share": Format.short(100 * (its - mine) / its),
      ]),
      tenth > 0 && tenth <= Usage.handshakesRange.upperBound
        ? Words.tenth(["rate": Format.short(tenth)]) : Words.noTenth(),
    ]
  }
}
