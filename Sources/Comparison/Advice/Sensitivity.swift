// SPDX-License-Identifier: Apache-2.0

/// What would turn a verdict: how many handshakes a day, and which constant being how wrong.
struct Sensitivity {
  /// A constant that turns the verdict when it is `factor` times what it is taken to be.
  struct Turn: Equatable {
    var name: String
    var constant: Figure
    var factor: Double

    /// How wrong it must be, either way.
    var distance: Double { factor < 1 ? 1 / factor : factor }
  }

  /// No constant is looked at that is more wrong than this.
  static let mostWrong = 100.0
  /// Halvings of an interval: more than a double has bits for.
  static let steps = 60
  /// Where constants come from.
  static let parts = ["device", "radio", "battery", "core", "image"]
  /// What a standard or a choice says, so that it is not wrong by a factor.
  static let given: Set<String> = [
    "radio.frame_payload", "radio.frame_overhead", "radio.fragment_header", "radio.spreading_factor",
    "radio.bandwidth_khz", "radio.down_frame_payload", "radio.down_spreading_factor", "radio.down_bandwidth_khz",
    "radio.repetitions", "radio.duty_cycle", "radio.duty_window_s", "radio.down_duty_cycle", "radio.volts",
    "device.volts", "battery.volts",
  ]
  static let shown = 3

  private let inputs: Inputs

  init(_ row: Row) { inputs = row.inputs }

  /// Whether a number is one that somebody published, measured on a target or assumed.
  static func isConstant(_ name: String) -> Bool { parts.contains { name.hasPrefix("\($0).") } }

  /// Whether every limit is kept, margins left aside, with one number replaced.
  private func fits(_ name: String, _ value: Double) -> Bool {
    var changed = inputs
    changed.numbers[name]?.value = value
    var evaluation = Evaluation(changed)
    return Limit.allCases.allSatisfy { evaluation.quantity($0.definition).map { $0.value <= 1 } ?? true }
  }

  /// The last value between `good`, at which all fits, and `bad`, at which it does not.
  private func edge(_ name: String, good: Double, bad: Double) -> Double {
    var (good, bad) = (good, bad)
    for _ in 0..<Self.steps {
      let middle = (good + bad) / 2
      if fits(name, middle) { good = middle } else { bad = middle }
    }
    return good
  }

  /// How many handshakes a day still fit; nil when today's number does not.
  func mostHandshakes() -> Double? {
    let name = "usage.handshakes_per_day"
    let most = Usage.handshakesRange.upperBound
    guard let now = inputs.numbers[name]?.value, fits(name, now) else { return nil }
    return fits(name, most) ? most : edge(name, good: now, bad: most)
  }

  /// The constants that turn the verdict, the nearest first.
  func turns() -> [Turn] {
    var turns: [Turn] = []
    for name in inputs.numbers.keys.sorted() {
      guard let constant = inputs.numbers[name], constant.value != 0, Self.isConstant(name),
        !Self.given.contains(name), fits(name, constant.value)
      else { continue }
      for bad in [constant.value * Self.mostWrong, constant.value / Self.mostWrong] where !fits(name, bad) {
        let edge = edge(name, good: constant.value, bad: bad)
        turns.append(Turn(name: name, constant: constant, factor: edge / constant.value))
      }
    }
    return turns.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
  }

  func sentences() -> [String] {
    var sentences: [String] = []
    if let most = mostHandshakes() {
      sentences.append(
        most == Usage.handshakesRange.upperBound ? Words.anyRate() : Words.rate(["rate": Format.short(most)]))
    }
    let turns = turns().prefix(Self.shown).map { turn in
      Words.turn([
        "name": turn.name, "value": Format.short(turn.constant.value), "doubts": Advice.rest(turn.constant.doubts),
        "factor": Format.short(turn.factor), "bound": turn.factor < 1 ? Words.less() : Words.more(),
      ])
    }
    return sentences + (turns.isEmpty ? [Words.noTurn()] : turns)
  }
}
