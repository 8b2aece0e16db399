// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes

/// A finished comparison and its printed forms.
public struct Report: Sendable {
  public let budget: Budget
  public let measurements: Measurements
  public let rows: [Row]
  public let onTarget: OnTargetResults?
  public let catalog: Catalog
  public let advice: Advice
  let matrix: ExecutedMatrix
  /// The columns that somebody asked for; nil is all of them.
  public let selection: [Column]?
  /// Whether text and Markdown say, for each scheme, what an attacker gets.
  public let withSecurity: Bool

  public init(
    _ budget: Budget, _ measurements: Measurements, catalog: Catalog, onTarget: OnTargetResults?,
    needs: [Need] = Need.always, matrix: ExecutedMatrix = .shipped, selection: [Column]? = nil,
    withSecurity: Bool = false
  ) {
    self.budget = budget
    self.measurements = measurements
    self.catalog = catalog
    self.onTarget = onTarget
    self.matrix = matrix
    self.selection = selection
    self.withSecurity = withSecurity
    let model = CostModel(budget, catalog: catalog, onTarget: onTarget, withPeers: needs.contains(where: \.meansPeers))
    rows = model.rows(measurements.profiles)
    advice = Advice(rows, budget, needs: needs, matrix: matrix)
  }

  /// The situation in one line.
  var situation: String {
    let usage = budget.usage
    return "\(budget.device.title); \(budget.radio.title); \(budget.battery.title); "
      + "\(Format.short(usage.handshakesPerDay)) handshakes and \(Format.short(usage.messagesPerDay)) messages of "
      + "\(Format.short(usage.messageBytes)) bytes a day; \(Format.short(usage.fleetSize)) devices"
  }

  /// What every verdict is held to, and how.
  var limits: String {
    let limits = budget.limits
    var parts = [
      Words.memoryLimit(["share": Format.short(100 * limits.memoryShare)]),
      Words.messageLimit(["seconds": Format.short(limits.firstMessageSeconds)]),
    ]
    if let duty = budget.radio.dutyCycle {
      let words: Words = budget.radio.dutyWindowS == nil ? .dutyLimit : .hourLimit
      parts.append(words(["share": Format.short(100 * duty.value)]))
    }
    if budget.battery.capacityMah != nil {
      parts.append(Words.batteryLimit(["days": Format.short(limits.batteryDays)]))
    }
    parts.append(Words.fleetLimit(["seconds": Format.short(limits.readmissionSeconds)]))
    return Words.limits([
      "limits": parts.joined(separator: "; "), "margin": Format.short(100 * Verdict.margin),
      "spread": Format.short(100 * (rows.map(\.profile.serverMicroseconds.spread).max() ?? 0)),
    ])
  }

  /// What was asked of every scheme.
  var needs: String {
    Words.needs(["needs": advice.needs.map { "\($0.rawValue) (\($0.question))" }.joined(separator: "; ")])
  }

  /// Everything in sentences, what another X25519 would change among them.
  public var sentences: [String] { advice.summary() + curveSentences }

  /// Whether the choice hangs on whose X25519 the device has.
  private var curveSentences: [String] {
    guard let core = catalog.cores.first(where: { $0.core == budget.device.core }) else { return [] }
    let known = [NamedCurve(name: DeviceBudget.ownCurve, cycles: core.x25519)] + core.curves
    var changes: [String] = []
    for curve in known {
      var changed = budget
      changed.device.x25519Cycles = curve.name == DeviceBudget.ownCurve ? nil : curve.cycles
      let model = CostModel(
        changed, catalog: catalog, onTarget: onTarget, withPeers: advice.needs.contains(where: \.meansPeers))
      let other = Advice(model.rows(measurements.profiles), changed, needs: advice.needs, matrix: matrix).choice
      guard other?.profile.scheme != advice.choice?.profile.scheme else { continue }
      changes.append(
        Words.curve([
          "curve": curve.name, "cycles": Format.short(curve.cycles.value),
          "choice": other?.profile.scheme.name ?? "none",
        ]))
    }
    return changes.isEmpty ? [Words.sameCurve(["curves": known.map(\.name).joined(separator: ", ")])] : changes
  }

  /// Where the numbers come from.
  var origin: String {
    let target = onTarget.map { "firmware results: \($0.source)" } ?? "no firmware results: flash and RAM are not known"
    return "measured \(measurements.date), \(measurements.build); \(target)"
  }

  /// The columns of a group that have a number in some row.
  func columns(_ group: Column.Group) -> [Column] {
    Column.allCases.filter { column in column.label.group == group && rows.contains { $0[column] != nil } }
  }

  /// What the executed matrix says of a scheme and a need, in a word.
  func cell(_ need: Need, _ row: Row) -> String {
    let scheme = row.profile.scheme
    guard matrix.hasCells(of: scheme) else { return "-" }
    guard let obstacle = matrix.obstacle(need, on: scheme) else { return "met" }
    return obstacle.outcomes[scheme.name]?.word ?? "-"
  }

  /// The limit that decides, and how much of it is used.
  func binding(_ row: Row) -> (words: String, use: String) {
    guard let limit = row.verdict.binding, let use = row.verdict.uses[limit] else { return ("-", "-") }
    return (limit.words, "\(Format.short(100 * use.value)) %\(use.doubts.sorted().map(\.mark).joined())")
  }
}
