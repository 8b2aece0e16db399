// SPDX-License-Identifier: Apache-2.0

import Foundation
import Schemes
import Testing

@testable import Comparison

@Suite("What a comparison prints")
struct ReportTests {
  static let measured = Result { try Survey.run() }

  private func report(
    _ budget: String = "ble-tag", needs: [Need] = Need.always, selection: [Column]? = nil, withSecurity: Bool = false
  ) throws -> Report {
    let catalog = try Catalog.shipped()
    return Report(
      try Budget.load(budget, catalog), try Self.measured.get(), catalog: catalog,
      onTarget: try OnTargetResults.shipped(), needs: needs, selection: selection, withSecurity: withSecurity)
  }

  @Test("Every form of output holds every scheme and the limits, and JSON brings its measurements back")
  func outputs() throws {
    let report = try report()
    let measured = try Self.measured.get()
    let csv = report.csv().components(separatedBy: "\r\n")
    #expect(csv.count == measured.profiles.count + 2)
    #expect(csv[0].contains(",limit_battery_days,") && csv[1].contains(",730.0,"))
    let (markdown, text) = (report.markdown(), report.text(width: 10_000))
    for profile in measured.profiles {
      #expect(markdown.contains("`\(profile.scheme.name)`") && text.contains(profile.scheme.name))
    }
    for printed in [markdown, text] {
      #expect(printed.contains("; battery 730 days; fleet back in 60 s. A number with ?"))
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "countersign-\(UUID().uuidString).json")
    try Data(try report.json().utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try Measurements.read(file.path) == measured)
    #expect(throws: BudgetError.self) { try Measurements.read("/nonexistent") }
  }

  @Test("Text keeps to the terminal's width, and loses nothing by it", arguments: [80, 100, 200])
  func width(_ width: Int) throws {
    let report = try report(needs: [.isolation, .privacy], withSecurity: true)
    let text = report.text(width: width)
    let long = text.split(separator: "\n").filter { $0.count > width && $0.split(separator: " ").count > 1 }
    #expect(long.isEmpty, "\(long)")
    for column in Column.allCases where report.columns(column.label.group).contains(column) {
      #expect(text.contains(column.shortHeading))
    }
  }

  @Test("Two budgets stand beside each other in every form")
  func sideBySide() throws {
    let both = SideBySide([try report("ble-tag"), try report("sensor-802154")])
    let text = both.text(width: 80)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    for printed in [text, both.markdown()] {
      #expect(printed.contains("A, ble-tag") && printed.contains("B, sensor-802154"))
    }
    #expect(text.contains("  scheme                 A fits  B fits  A binds"))
    #expect(both.csv().components(separatedBy: "budget,scheme").count == 2)
    let json = try JSONSerialization.jsonObject(with: Data(try both.json().utf8)) as? [String: [[String: Any]]]
    #expect(json?["budgets"]?.count == 2)
    #expect(json?["budgets"]?.allSatisfy { $0["choice"] is String } == true)
  }

  @Test("Chosen columns are printed in their order, and nothing else; an unknown one is named")
  func columns() throws {
    let report = try report(selection: try Column.named("server_us,handshake_bytes"))
    #expect(report.markdown().contains("| scheme | server: handshake, us | handshake, B | fits | binds | of it used |"))
    #expect(report.text().contains("server: handshake, us  handshake, B\n"))
    #expect(
      report.csv().hasPrefix(
        "budget,scheme,fits,binding,use,server_us,server_us_kind,handshake_bytes,handshake_bytes_kind,need_isolation,"))
    #expect(throws: BudgetError.self) { try Column.named("server_us,") }
    #expect { try Column.named("speed") } throws: {
      "\($0)".hasPrefix("columns: \"speed\" is unknown; allowed: handshake_bytes, device_bytes")
    }
  }

  @Test("A paragraph's words are wrapped, none lost")
  func wrapping() {
    let words = (1...60).map { String(repeating: "x", count: $0 % 13 + 1) }
    let lines = Layout(width: 40).wrap(words.joined(separator: " "), indent: 2, hanging: 2)
    #expect(lines.allSatisfy { $0.count <= 40 })
    #expect(lines[0].hasPrefix("  x") && lines[1].hasPrefix("    x"))
    #expect(lines.joined(separator: " ").split(separator: " ").map(String.init) == words)
  }

  @Test("Everything that the page fills in is a word that it is given, and every formula names what there is")
  func pageData() throws {
    let html = try report().html()
    let script = String(decoding: PackageResources.page_js, as: UTF8.self)
    for words in Words.allCases { #expect(script.contains("\"\(words.rawValue)\""), "\(words)") }
    let known = Set(CostModel.list.map(\.name))
    #expect(known.count == CostModel.list.count)
    for column in Column.allCases { #expect(known.contains(column.rawValue)) }
    for limit in Limit.allCases { #expect(known.contains(limit.definition)) }
    // What the script asks for by name is in the model.
    for match in script.matches(of: #/values\.(\w+)/#) { #expect(known.contains(String(match.1)), "\(match.1)") }
    #expect(html.contains("\"definitions\":[{"))
  }

  @Test("The page holds its data without a way out of it")
  func page() throws {
    let catalog = try Catalog.shipped()
    var budget = try Budget.load("ble-tag", catalog)
    budget.device.title = "</script><script>alert(1)</script>"
    let html = try Report(budget, try Self.measured.get(), catalog: catalog, onTarget: nil).html()
    #expect(!html.contains("<script>alert"))
    #expect(!html.contains("http://") && !html.contains("https://"))
  }
}
