// SPDX-License-Identifier: Apache-2.0

import Schemes
import ArgumentParser
import Comparison
import Foundation

/// `countersign compare`: what each way of giving a device a key costs on the caller's own budget.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the ways of giving devices their keys, on your device, radio and battery.",
    discussion: """
      Runs the handshake of every scheme on this machine, takes the sizes of its real frames, and computes the rest for \
      the budget given. What you need excludes schemes, by rows of the executed matrix; the budget excludes what does not fit; of \
      what is left the scheme with the fewest bytes on the wire is chosen. Every number carries a letter for its kind; \
      docs/reference/formulas.md names the formulas.

      Examples:
        countersign compare
        countersign compare --need privacy --need quantum
        countersign compare --budget water-meter-lorawan --curve libsodium
        countersign compare --budget ble-tag --budget sensor-802154 --need past
        countersign compare --device nrf52840 --radio ble --battery cr2032 \\
          --handshakes-per-day 24
        countersign compare --budget mine.json --html review.html
        countersign compare --scheme derived-key --scheme certified --security \\
          --columns handshake_bytes,cpu_ms,battery_days
        countersign compare --list
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, csv, markdown
  }

  @Option(
    name: .customLong("budget"),
    help: ArgumentHelp(
      "A shipped budget's name (without: \(Budget.standardName)), or a JSON file; - reads standard input. Given again, sets budgets "
        + "beside each other.", valueName: "name|file"))
  var budgets: [String] = []

  @Option(
    name: .customLong("need"),
    help: ArgumentHelp("What a scheme must give, by the names that --list shows; may be repeated.", valueName: "name"))
  var needs: [String] = []

  @OptionGroup(title: "Instead of what the budget says") var changes: BudgetChanges

  @Option(
    name: .customLong("scheme"), help: ArgumentHelp("Compare only this scheme; may be repeated.", valueName: "name"))
  var schemes: [String] = []

  @Option(
    help: ArgumentHelp(
      "Firmware results of Benchmarks/Firmware/run instead of the shipped ones.", valueName: "file"))
  var firmware: String?

  @Option(
    help: ArgumentHelp("Use the measurements of an earlier run's JSON output instead of measuring.", valueName: "file"))
  var measurements: String?

  @Option(
    help: ArgumentHelp(
      "Print these columns only, by the keys that JSON and CSV have; JSON and the page keep all.",
      valueName: "key,key,..."))
  var columns: String?

  @Flag(help: "Also say of each scheme what an attacker gets from it, for a review.")
  var security = false

  @Option(help: "How to print the result.")
  var output = Format.text

  @Option(help: ArgumentHelp("Also write an interactive page that needs no network; - prints it.", valueName: "file"))
  var html: String?

  @Flag(help: "List the shipped devices, radios, batteries and budgets, the needs, and the columns.")
  var list = false

  func run() throws {
    do {
      let catalog = try Catalog.shipped()
      if list { return printList(catalog) }
      let reports = try reports(catalog)
      guard let report = reports.first else { return }
      if let html {
        let page = try report.html(beside: reports.count > 1 ? reports[1].budget : nil)
        if html == "-" { return print(page) }
        try write(page, to: html)
      }
      let printed = try reports.count > 1 ? text(SideBySide(reports)) : text(report)
      print(printed, terminator: "")
    } catch let error as BudgetError {
      throw Failure(error)
    }
  }

  private func text(_ report: Report) throws -> String {
    switch output {
    case .text: Terminal.printable(report.text(width: Terminal.width))
    case .json: Terminal.printable(json: try report.json())
    case .csv: report.csv()
    case .markdown: Terminal.printable(report.markdown())
    }
  }

  private func text(_ budgets: SideBySide) throws -> String {
    switch output {
    case .text: Terminal.printable(budgets.text(width: Terminal.width))
    case .json: Terminal.printable(json: try budgets.json())
    case .csv: budgets.csv()
    case .markdown: Terminal.printable(budgets.markdown())
    }
  }

  /// One for each budget, from the same measurements.
  private func reports(_ catalog: Catalog) throws -> [Report] {
    let loaded = try (budgets.isEmpty ? [Budget.standardName] : budgets).map { name in
      var budget = try Budget.load(name, catalog)
      try changes.apply(to: &budget, catalog)
      try budget.validate()
      return budget
    }
    let names = try schemes.map { name in
      guard let scheme = SchemeID(named: name) else {
        throw BudgetError.field(
          "scheme", problem: "\"\(name)\" is unknown",
          allowed: SchemeID.allCases.map(\.name).joined(separator: ", "))
      }
      return scheme
    }
    let needs = try Need.named(needs)
    let selection = try columns.map(Column.named)
    let onTarget = try firmware.map(OnTargetResults.read) ?? OnTargetResults.shipped()
    var measured =
      try measurements.map(Measurements.read)
      ?? Survey.run(names.isEmpty ? SchemeID.allCases : names, fleetSize: loaded[0].usage.fleetSize)
    if !names.isEmpty { measured.profiles.removeAll { !names.contains($0.scheme) } }
    return loaded.map {
      Report(
        $0, measured, catalog: catalog, onTarget: onTarget, needs: needs, selection: selection, withSecurity: security)
    }
  }

  private func printList(_ catalog: Catalog) {
    print("devices:")
    for device in catalog.devices { print("  \(device.id)\t\(device.title)") }
    print("radios:")
    for radio in catalog.radios { print("  \(radio.id)\t\(radio.title)") }
    print("batteries:")
    for battery in catalog.batteries { print("  \(battery.id)\t\(battery.title)") }
    print("budgets:")
    for name in catalog.budgetNames { print("  \(name)") }
    print("needs:")
    for need in Need.allCases {
      let rows = need.rows.joined(separator: ", ")
      print(
        "  \(need.rawValue)\t\(need.question)\(Need.always.contains(need) ? " Always asked." : "") Decided by: \(rows)")
    }
    print("columns:")
    for column in Column.allCases { print("  \(column.rawValue)\t\(column.meaning)") }
  }

  private func write(_ text: String, to path: String) throws(Failure) {
    do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
      throw Failure(.cannotCreate, "cannot write \(path): \(error.localizedDescription)")
    }
  }
}

extension Failure {
  /// Bad input: which field, and what it may be.
  init(_ error: BudgetError) {
    switch error {
    case .unreadable: self.init(.noInput, error.description)
    case .notJSON: self.init(.dataError, error.description)
    case .field(let name, let problem, let allowed):
      self.init(.dataError, "\(name): \(problem)", hint: "Allowed: \(allowed).")
    }
  }
}
