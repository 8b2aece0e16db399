import Foundation
import Schemes

/// The comparison for a spreadsheet: for every column its number and its kind (RFC 4180).
extension Report {
  public func csv() -> String {
    let columns = selection ?? Column.all
    var lines = [
      (["scheme", "fits", "binding"] + columns.flatMap { [$0.key, "\($0.key)_kind"] } + ["server_keys", "advice"])
        .joined(separator: ",")
    ]
    for row in rows {
      var cells = [row.profile.scheme.name, row.verdict.fits ? "yes" : "no", row.verdict.binding?.rawValue ?? ""]
      for column in columns {
        let quantity = row.values[column.key]
        cells.append(quantity.map { "\($0.value)" } ?? "")
        cells.append(quantity.map { $0.kind.rawValue + ($0.verified ? "" : " unverified") } ?? "")
      }
      cells += [row.profile.serverKeys.joined(separator: "; "), Advice.sentence(row)]
      lines.append(cells.map(Self.quote).joined(separator: ","))
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  private static func quote(_ cell: String) -> String {
    guard cell.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return cell }
    return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
