import Schemes
import Foundation

/// The comparison as one page that needs no network: its script recomputes everything when a control moves.
extension Report {
  /// What the page computes with.
  struct PageData: Encodable {

    var devices: [DeviceBudget]
    var radios: [RadioBudget]
    var batteries: [BatteryBudget]
    var cores: [CoreCosts]
    var columns: [Column]
    var groups: [String]
    var limits: [Limit]
    var limitWords: [String: String]
    var preference: [SchemeID]
    var legend: String
    var origin: String
    var budget: Budget
    var measurements: Measurements
    var onTarget: OnTargetResults?
  }

  public func html() throws -> String {
    var devices = catalog.devices
    if !devices.contains(budget.device) { devices.append(budget.device) }
    var radios = catalog.radios
    if !radios.contains(budget.radio) { radios.append(budget.radio) }
    var batteries = catalog.batteries
    if !batteries.contains(budget.battery) { batteries.append(budget.battery) }
    let data = PageData(
      devices: devices, radios: radios, batteries: batteries, cores: catalog.cores, columns: Column.all,
      groups: Column.Group.allCases.map(\.rawValue),
      limits: Limit.allCases,
      limitWords: Dictionary(uniqueKeysWithValues: Limit.allCases.map { ($0.rawValue, $0.words) }),
      preference: Advice.preference, legend: Format.legend, origin: origin, budget: budget,
      measurements: measurements, onTarget: onTarget)
    // A budget file's titles are anybody's text: nothing in the data may end the script element.
    let json = String(decoding: try Self.encoder().encode(data), as: UTF8.self)
      .replacingOccurrences(of: "<", with: "\\u003c")
    return String(decoding: PackageResources.page_html, as: UTF8.self)
      .replacingOccurrences(of: "/*STYLE*/", with: String(decoding: PackageResources.page_css, as: UTF8.self))
      .replacingOccurrences(of: "/*SCRIPT*/", with: String(decoding: PackageResources.page_js, as: UTF8.self))
      .replacingOccurrences(of: "/*DATA*/", with: json)
  }
}
