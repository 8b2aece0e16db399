// SPDX-License-Identifier: Apache-2.0

import TestSeed
import Testing
import Wire

@testable import Assembly

@Suite struct CSVTests {
  private func rows(_ text: String) throws(AssemblyError) -> [[String]] {
    try CSV(parsing: Array(text.utf8)).rows.map(\.fields)
  }

  @Test func plainAndQuotedFields() throws {
    #expect(try rows("a,b\n1,\"x,\"\"y\"\"\"\n") == [["a", "b"], ["1", "x,\"y\""]])
    #expect(try rows("a,b\r\n,\r\n") == [["a", "b"], ["", ""]])
    #expect(try rows("\u{FEFF}id\n\n\n7") == [["id"], ["7"]])
    #expect(try rows("\"two\nlines\",x\n") == [["two\nlines", "x"]])
    #expect(try rows("") == [])
  }

  @Test func rowsKnowTheirLine() throws {
    let csv = try CSV(parsing: Array("h\n\"a\nb\"\nc\n".utf8))
    #expect(csv.rows.map(\.line) == [1, 2, 4])
  }

  @Test(arguments: [
    ("a\n\"b", 2, CSVProblem.unterminatedQuote), ("a\nb\"c", 2, .strayQuote), ("\"a\"b", 1, .strayQuote),
  ])
  func problemsNameTheirLine(_ text: String, _ line: Int, _ problem: CSVProblem) {
    #expect(throws: AssemblyError.csv(line: line, problem)) { try rows(text) }
  }

  @Test func textMustBeUTF8() {
    #expect(throws: AssemblyError.csv(line: 2, .invalidUTF8)) { try CSV(parsing: [0x61, 0x0A, 0xFF, 0x0A]) }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    var random = SeededGenerator(for: "CSV lines")
    for _ in 0..<2000 {
      let fields = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        String((0..<Int.random(in: 1...6, using: &random)).map { _ in "ab,\"\n\r é".randomElement(using: &random)! })
      }
      #expect(try rows(CSV.line(fields)) == [fields])
    }
  }

  @Test func aPlanIsCheckedAsAWhole() throws {
    func plan(_ text: String) throws(AssemblyError) -> BatchPlan { try BatchPlan(csv: Array(text.utf8)) }
    let key = String(repeating: "0a", count: 32)
    let plan1 = try plan("label,id,public_key\nPump,00A0B1C2D3E4F506,\nFan,0000000000000001,\(key)\n")
    #expect(plan1.rows.map(\.device.rawValue) == [0x00A0_B1C2_D3E4_F506, 1])
    #expect(plan1.rows.map { $0.publicKey != nil } == [false, true])
    #expect(plan1.extraColumns == ["label"])
    #expect(plan1.rows.map(\.extra) == [["Pump"], ["Fan"]])

    #expect(throws: AssemblyError.csv(line: 1, .empty)) { try plan("\n\n") }
    #expect(throws: AssemblyError.csv(line: 1, .missingColumn("id"))) { try plan("name\n") }
    #expect(throws: AssemblyError.csv(line: 1, .duplicateColumn("id"))) { try plan("id,id\n") }
    for name in ["file", "system", "generation", "last_epoch"] {
      #expect(throws: AssemblyError.csv(line: 1, .reservedColumn(name))) { try plan("id,\(name)\n") }
    }
    #expect(throws: AssemblyError.csv(line: 2, .invalidID("12"))) { try plan("id\n12\n") }
    #expect(throws: AssemblyError.csv(line: 2, .invalidID("+000000000000012"))) { try plan("id\n+000000000000012\n") }
    #expect(throws: AssemblyError.csv(line: 3, .duplicateID("0000000000000001", firstLine: 2))) {
      try plan("id\n0000000000000001\n0000000000000001\n")
    }
    #expect(throws: AssemblyError.csv(line: 2, .wrongFieldCount(expected: 1, actual: 2))) { try plan("id\n1,2\n") }
    #expect(throws: AssemblyError.csv(line: 2, .invalidPublicKey)) {
      try plan("id,public_key\n0000000000000001,00\n")
    }
    #expect(throws: AssemblyError.csv(line: 3, .duplicatePublicKey(firstLine: 2))) {
      try plan("id,public_key\n0000000000000001,\(key)\n0000000000000002,\(key)\n")
    }
  }

  /// Random bytes, and a valid table with bytes changed, cut off or put in: each is parsed or refused, never a trap.
  @Test func anyInputIsParsedOrRefused() throws {
    var random = SeededGenerator(for: "CSV input")
    let valid = Array("id,label\n00a0b1c2d3e4f506,\"a,\"\"b\"\"\"\n0000000000000001,x\r\n".utf8)
    var accepted = 0
    var refused = 0
    for _ in 0..<100_000 {
      let input = random.mutate(valid)
      do throws(AssemblyError) {
        _ = try BatchPlan(csv: input)
        accepted += 1
      } catch {
        guard case .csv(let line, _) = error, line >= 1 else {
          Issue.record("\(error)")
          continue
        }
        refused += 1
      }
    }
    #expect(accepted > 1000 && refused > 1000)
  }
}
