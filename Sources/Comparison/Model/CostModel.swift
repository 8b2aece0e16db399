// SPDX-License-Identifier: Apache-2.0

import Schemes

/// Turns what was measured, and a budget, into the numbers of a comparison. Nothing here measures anything; the formulas are in
/// CostDefinitions.swift.
public struct CostModel: Sendable {
  public let budget: Budget
  private let inputs: Inputs
  private let onTarget: OnTargetResults?
  private let withPeers: Bool

  /// - Parameter withPeers: whether devices speak to each other directly, so that a complete device is one that can.
  public init(_ budget: Budget, catalog: Catalog, onTarget: OnTargetResults?, withPeers: Bool = false) {
    self.budget = budget
    self.onTarget = onTarget
    self.withPeers = withPeers
    var inputs = Inputs()
    inputs.add(budget.device, as: "device")
    inputs.add(budget.radio, as: "radio")
    inputs.add(budget.battery, as: "battery")
    inputs.add(budget.usage, as: "usage")
    inputs.add(budget.limits, as: "limits")
    if let core = catalog.cores.first(where: { $0.core == budget.device.core }) { inputs.add(core, as: "core") }
    inputs.texts["firmware"] = onTarget?.source
    self.inputs = inputs
  }

  /// All schemes, in the order of the profiles.
  public func rows(_ profiles: [SchemeProfile]) -> [Row] { profiles.map(row) }

  /// One scheme.
  public func row(_ profile: SchemeProfile) -> Row {
    var inputs = inputs
    inputs.add(profile)
    let image = onTarget?.device(profile.scheme, on: budget.device.core, withPeers: withPeers)
    if let image { inputs.add(image, as: "image") }
    return Row(profile: profile, inputs: inputs, growth: image?.growth ?? Growth())
  }
}

/// One scheme in one budget: a number, with its origin, for each name of the model that has one.
public struct Row: Sendable {
  public let profile: SchemeProfile
  public let verdict: Verdict
  let inputs: Inputs
  let growth: Growth
  private let values: [String: Quantity]

  init(profile: SchemeProfile, inputs: Inputs, growth: Growth) {
    self.profile = profile
    self.inputs = inputs
    self.growth = growth
    var evaluation = Evaluation(inputs)
    var values: [String: Quantity] = [:]
    for definition in CostModel.list { values[definition.name] = evaluation.quantity(definition.name) }
    self.values = values
    verdict = Verdict(
      uses: Dictionary(
        uniqueKeysWithValues: Limit.allCases.compactMap { limit in values[limit.definition].map { (limit, $0) } }),
      growth: growth, spread: profile.serverMicroseconds.spread)
  }

  public subscript(_ column: Column) -> Quantity? { values[column.rawValue] }

  /// A number of the model that is no column.
  func number(_ name: String) -> Double? { values[name]?.value }
}
