// SPDX-License-Identifier: Apache-2.0

import Schemes
import Foundation

/// The comparison as one page that needs no network: its script evaluates the model's own formulas when a control moves.
extension Report {
  /// What the page computes with.
  struct PageData: Encodable {
    struct ColumnLabel: Encodable {
      var key: String
      var title: String
      var unit: String
      var group: String
      var meaning: String
    }

    struct LimitLabel: Encodable {
      var id: Limit
      var definition: String
      var words: String
    }

    struct NeedLabel: Encodable {
      var id: Need
      var question: String
      var rows: [String]
      var mustApply: Bool
      var meansPeers: Bool
      var isAlways: Bool
    }

    struct DoubtLabel: Encodable {
      var id: Doubt
      var mark: String
      var words: String
    }

    struct Compared: Encodable {
      var column: String
      var what: String
    }

    struct SensitivityRules: Encodable {
      var mostWrong = Sensitivity.mostWrong
      var steps = Sensitivity.steps
      var parts = Sensitivity.parts
      var given = Sensitivity.given.sorted()
      var shown = Sensitivity.shown
      var mostHandshakes = Usage.handshakesRange.upperBound
    }

    var devices: [DeviceBudget]
    var radios: [RadioBudget]
    var batteries: [BatteryBudget]
    var cores: [CoreCosts]
    var definitions = CostModel.list
    var columns = Column.allCases.map { column in
      let label = column.label
      return ColumnLabel(
        key: column.rawValue, title: label.title, unit: label.unit, group: label.group.rawValue, meaning: label.meaning)
    }
    var groups = Column.Group.allCases.map(\.rawValue)
    var limits = Limit.allCases.map { LimitLabel(id: $0, definition: $0.definition, words: $0.words) }
    var margin = Verdict.margin
    var needs = Need.allCases.map {
      NeedLabel(
        id: $0, question: $0.question, rows: $0.rows, mustApply: $0.mustApply, meansPeers: $0.meansPeers,
        isAlways: Need.always.contains($0))
    }
    var asked: [Need]
    var matrix: ExecutedMatrix
    var outcomeWords = Dictionary(
      uniqueKeysWithValues: ExecutedMatrix.Outcome.allCases.map { ($0.rawValue, $0.word) })
    var doubts = Doubt.allCases.map { DoubtLabel(id: $0, mark: $0.mark, words: $0.words) }
    var letters = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0.rawValue, $0.letter) })
    var words = Words.templates
    var compared = Advice.compared.map { Compared(column: $0.column.rawValue, what: $0.what) }
    var sensitivity = SensitivityRules()
    var security: [String: String]
    var legend = Format.legend
    var origin: String
    var budget: Budget
    /// A second one to set beside it.
    var beside: Budget?
    var measurements: Measurements
    /// By core and scheme: of devices that speak to the server only, and of those that speak to each other too.
    var images: [String: [String: DeviceImage]]
    var peerImages: [String: [String: DeviceImage]]
  }

  /// - Parameter beside: another budget that the page sets beside this one at first.
  public func html(beside: Budget? = nil) throws -> String {
    let budgets = [budget] + (beside.map { [$0] } ?? [])
    func with<Part: Equatable>(_ part: KeyPath<Budget, Part>, _ shipped: [Part]) -> [Part] {
      budgets.reduce(into: shipped) { if !$0.contains($1[keyPath: part]) { $0.append($1[keyPath: part]) } }
    }
    let data = PageData(
      devices: with(\.device, catalog.devices), radios: with(\.radio, catalog.radios),
      batteries: with(\.battery, catalog.batteries), cores: catalog.cores, asked: advice.needs, matrix: matrix,
      security: Dictionary(
        uniqueKeysWithValues: rows.map { ($0.profile.scheme.name, matrix.paragraph(on: $0.profile.scheme)) }),
      origin: origin, budget: budget, beside: beside, measurements: measurements, images: images(withPeers: false),
      peerImages: images(withPeers: true))
    // A budget file's titles are anybody's text: nothing in the data may end the script element.
    let json = String(decoding: try Self.encoder().encode(data), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
    return String(decoding: PackageResources.page_html, as: UTF8.self)
      .replacingOccurrences(of: "/*STYLE*/", with: String(decoding: PackageResources.page_css, as: UTF8.self))
      .replacingOccurrences(of: "/*SCRIPT*/", with: String(decoding: PackageResources.page_js, as: UTF8.self))
      .replacingOccurrences(of: "/*DATA*/", with: json)
  }

  private func images(withPeers: Bool) -> [String: [String: DeviceImage]] {
    var images: [String: [String: DeviceImage]] = [:]
    for core in Core.allCases {
      for row in rows {
        let scheme = row.profile.scheme
        images[core.rawValue, default: [:]][scheme.name] = onTarget?.device(scheme, on: core, withPeers: withPeers)
      }
    }
    return images
  }
}
