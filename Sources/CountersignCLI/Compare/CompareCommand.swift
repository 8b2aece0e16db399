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
      the budget given. Every number carries a letter for its kind; docs/reference/formulas.md names the formulas.

      Examples:
        countersign compare
        countersign compare --budget water-meter-lorawan
        countersign compare --device nrf52840 --radio ble --battery cr2032 \\
          --handshakes-per-day 24
        countersign compare --budget mine.json --html review.html
        countersign compare --scheme derived-key --scheme certified \\
          --columns handshake_bytes,cpu_ms,battery_days
        countersign compare --list
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, csv, markdown
  }

  @Option(
    help: ArgumentHelp("A shipped budget's name, or a JSON file; - reads standard input.", valueName: "name|file"))
  var budget = Budget.standardName

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

  @Option(help: "How to print the result.")
  var output = Format.text

  @Option(help: ArgumentHelp("Also write an interactive page that needs no network; - prints it.", valueName: "file"))
  var html: String?

  @Flag(help: "List the shipped devices, radios, batteries and budgets.")
  var list = false

  func run() throws {
    do {
      let catalog = try Catalog.shipped()
      if list { return printList(catalog) }
      let report = try report(catalog)
      if html == "-" {
        print(try report.html())
        return
      }
      if let html { try write(try report.html(), to: html) }
      switch output {
      case .text: print(report.text(), terminator: "")
      case .json: print(Terminal.printable(json: try report.json()), terminator: "")
      case .csv: print(report.csv(), terminator: "")
      case .markdown: print(report.markdown(), terminator: "")
      }
    } catch let error as BudgetError {
      throw Failure(error)
    }
  }

  private func report(_ catalog: Catalog) throws -> Report {
    var budget = try Budget.load(budget, catalog)
    try changes.apply(to: &budget, catalog)
    try budget.validate()
    let names = try schemes.map { name in
      guard let scheme = SchemeID(named: name) else {
        throw BudgetError.field(
          "scheme", problem: "\"\(name)\" is unknown",
          allowed: SchemeID.allCases.map(\.name).joined(separator: ", "))
      }
      return scheme
    }
    let onTarget = try firmware.map(OnTargetResults.read) ?? OnTargetResults.shipped()
    var measured =
      try measurements.map(Measurements.read) ?? Survey.run(names.isEmpty ? SchemeID.allCases : names)
    if !names.isEmpty { measured.profiles.removeAll { !names.contains($0.scheme) } }
    return Report(
      budget, measured, catalog: catalog, onTarget: onTarget, selection: try columns.map(Column.named))
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
    print("columns:")
    for column in Column.all { print("  \(column.key)\t\(column.meaning)") }
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
