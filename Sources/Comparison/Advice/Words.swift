// SPDX-License-Identifier: Apache-2.0

/// The sentences of the advice, once: the page fills the same ones. What stands in braces is filled in.
enum Words: String, CaseIterable {
  // Of the whole comparison.
  case choose, chooseAlone, chooseOpen, noneMeets, noneFits
  case used, restsOn, open, wins, win, otherKind, pays, shorter, tenth, noTenth, doubted
  case curve, sameCurve, anyRate, rate, turn, more, less, noTurn
  // What verdicts are held to.
  case limits, memoryLimit, messageLimit, dutyLimit, hourLimit, batteryLimit, fleetLimit, needs
  // Of one scheme.
  case chosen, unattacked, unmet, fails, unsure, dearer, equal

  var template: String {
    switch self {
    case .choose:
      "Choose {scheme}: of the {count} schemes that meet every need and fit, it puts the fewest bytes on the wire, {bytes}."
    case .chooseAlone: "Choose {scheme}: no other scheme meets every need and fits."
    case .chooseOpen:
      "Choose {scheme}, as far as is known: no scheme that meets every need is sure to fit, and of those that may, it puts the "
        + "fewest bytes on the wire, {bytes}."
    case .noneMeets: "No scheme meets every need: each lacks the one that stands beside it."
    case .noneFits:
      "No scheme that meets every need fits. Nearest comes {scheme}, with {use} times what is allowed of: {limit}."
    case .used: "Of its limits, {limit} is used most: {share} %{rest}."
    case .restsOn: ", which rests on {doubts}"
    case .open: "Open with {scheme}: {attacks}."
    case .wins: "Where the derived key wins: against it, a handshake of {scheme} takes {wins}."
    case .win: "{ratio} times the {what}"
    case .otherKind: " ({mine} beside {other})"
    case .pays: "What the derived key pays for that: {remark}"
    case .shorter: "Over the battery's life that is {days} days of {all} ({share} %)."
    case .tenth: "From {rate} handshakes a day on, the derived key saves a tenth of the battery's life or more."
    case .noTenth: "At no rate up to one handshake a second does the derived key save a tenth of the battery's life."
    case .doubted: "Not verified in this budget: {names}."
    case .curve: "With the X25519 called {curve}, of {cycles} cycles, it would be: {choice}."
    case .sameCurve: "With any X25519 that has a name here ({curves}) the choice is the same."
    case .anyRate: "It fits at every rate up to one handshake a second."
    case .rate: "It fits up to {rate} handshakes a day."
    case .turn: "The verdict turns when {name}, {value} now{doubts}, is {factor} times that {bound}."
    case .more: "or more"
    case .less: "or less"
    case .noTurn: "No constant turns the verdict by being wrong by less than a factor of 100."
    case .limits:
      "Limits: {limits}. A number with ?, ~ or * may be {margin} % off, a measured time as much as its turns were apart "
        + "(most: {spread} %); where that decides, the verdict is open."
    case .memoryLimit: "{share} % of flash and of RAM"
    case .messageLimit: "first message within {seconds} s"
    case .dutyLimit: "{share} % of the time on the air"
    case .hourLimit: "{share} % of every hour on the air"
    case .batteryLimit: "battery {days} days"
    case .fleetLimit: "fleet back in {seconds} s"
    case .needs: "Needs: {needs}"
    case .chosen: "Chosen: meets every need, and uses of its limits most {limit}, {share} %."
    case .unattacked: "No attack was run on it: nothing is known of what it withstands."
    case .unmet:
      "Lacks what “{need}” asks for: {title}: {outcome} (countersign matrix --scheme {scheme} --attack {attack})."
    case .fails: "Meets every need and does not fit: {limit}, {use} times what is allowed."
    case .unsure: "Meets every need and is not sure to fit: {limit}, {share} % of what is allowed{rest}."
    case .dearer: "Meets every need and fits, with {ratio} times the bytes on the wire: {bytes}."
    case .equal: "Meets every need and fits, with as many bytes on the wire and more to compute or to keep."
    }
  }

  func callAsFunction(_ fillings: KeyValuePairs<String, String> = [:]) -> String {
    fillings.reduce(template) { $0.replacing("{\($1.key)}", with: $1.value) }
  }

  static var templates: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.template) })
  }

  /// Doubts in words.
  static func list(_ doubts: some Sequence<Doubt>) -> String { doubts.sorted().map(\.words).joined(separator: ", ") }
}
