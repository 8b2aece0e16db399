import Foundation

/// A finished comparison and its printed forms.
public struct Report: Sendable {
  public let budget: Budget
  public let measurements: Measurements
  public let rows: [Row]
  public let onTarget: OnTargetResults?
  public let catalog: Catalog
  /// The columns that somebody asked for; nil is all of them.
  public let selection: [Column]?

  public init(
    _ budget: Budget, _ measurements: Measurements, catalog: Catalog, onTarget: OnTargetResults?,
    selection: [Column]? = nil
  ) {
    self.budget = budget
    self.measurements = measurements
    self.catalog = catalog
    self.onTarget = onTarget
    self.selection = selection
    rows = CostModel(budget, catalog: catalog, onTarget: onTarget).rows(measurements.profiles)
  }

  /// The situation in one line.
  var situation: String {
    let usage = budget.usage
    return "\(budget.device.title); \(budget.radio.title); \(budget.battery.title); "
      + "\(Format.short(usage.handshakesPerDay)) handshakes and \(Format.short(usage.messagesPerDay)) messages of "
      + "\(Format.short(usage.messageBytes)) bytes a day; \(Format.short(usage.fleetSize)) devices"
  }

  /// Where the numbers come from.
  var origin: String {
    let target = onTarget.map { "firmware results: \($0.source)" } ?? "no firmware results: flash and RAM are not known"
    return "measured \(measurements.date), \(measurements.build); \(target)"
  }

  /// The columns of a group that have a number in some row.
  func columns(_ group: Column.Group) -> [Column] {
    Column.all.filter { column in column.group == group && rows.contains { $0.values[column.key] != nil } }
  }

  static func heading(_ column: Column) -> String {
    column.unit.isEmpty ? column.title : "\(column.title), \(column.unit)"
  }
}
