// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CountersignCLI

/// What goes to the terminal, and what when it cannot.
@Suite struct OutputTests {
  private let temporary = TemporaryDirectory()

  @Test(arguments: ["system list", "--version", "inspect -"])
  func whatCannotBePrintedIsAnError(_ command: String) throws {
    var tool = CommandLineTool()
    #expect(try tool.run(["init", "--unsealed", "--dir", temporary.path + "/fleet"]).status == 0)
    #expect(try tool.run(["system", "add", "alpha", "--dir", temporary.path + "/fleet"]).status == 0)
    tool.environment = ["COUNTERSIGN_DIR": temporary.path + "/fleet"]
    tool.wrapper = ["sh", "-c", "exec \"$@\" >/dev/full", "sh"]
    let statement =
      "130086a9001443ae86a3af8f4281ae1450c3fa0744d66bfaa23e9500b9898308e703788b3f948abec7b98eef33b7781c"
      + "b450ad2343b95fae0a949751f96c323710d37577690c"
    let result = try tool.run(command.split(separator: " ").map(String.init), input: statement)
    #expect(result.status == (command == "--version" ? 0 : 74), "\(result.error)")
    #expect(!result.error.contains("Fatal"))
  }

  @Test func aMessageStaysOnItsLineAndSteersNoTerminal() {
    let forged = "hi\n0000000000000001  open the dam\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\u{2028}"
    #expect(
      Terminal.onOneLine(forged)
        == "hi\\n0000000000000001  open the dam\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}\\u{2028}")
    #expect(Terminal.onOneLine("grüß Gott, 水 👩‍🔧") == "grüß Gott, 水 👩‍🔧")
    #expect(Terminal.onOneLine([0x61, 0xff, 0x1b]) == "a\\xff\\x1b")
  }

  @Test func whatTheProgramPrintsKeepsItsLinesAndColumns() {
    #expect(Terminal.printable("a\tb\nc\u{1b}[2J") == "a\tb\nc\\u{1b}[2J")
    let json = #"{"text":"\#u{9b}2J\#u{202e}\#u{e0001}"}"# + "\n"
    let printable = Terminal.printable(json: json)
    #expect(printable == #"{"text":"\u009b2J\u202e\udb40\udc01"}"# + "\n")
    let parsed = try? JSONSerialization.jsonObject(with: Data(printable.utf8)) as? [String: String]
    #expect(parsed == ["text": "\u{9b}2J\u{202e}\u{e0001}"])
  }

  @Test("Words of a file that was given do not steer the terminal, in an error nor in a report")
  func othersWordsAreEscaped() throws {
    let table = temporary.path + "/table.csv"
    let dir = temporary.path + "/fleet"
    try Data("id\n\u{1b}[2J\n".utf8).write(to: URL(fileURLWithPath: table))
    let tool = CommandLineTool()
    #expect(try tool.run(["init", "--unsealed", "--dir", dir]).status == 0)
    #expect(try tool.run(["system", "add", "alpha", "--dir", dir]).status == 0)
    let result = try tool.run([
      "device", "add", "--dir", dir, "--system", "alpha", "--batch", table, "--out", temporary.path + "/o",
    ])
    #expect(result.status == 65 && result.error.contains("\\u{1b}[2J") && !result.error.contains("\u{1b}"), "\(result)")
  }

  @Test func aFileMayHaveANameOfOneLetter() throws {
    let tool = CommandLineTool()
    #expect(try tool.run(["init", "--unsealed", "--dir", temporary.path + "/f"]).status == 0)
    #expect(try tool.run(["system", "add", "alpha", "--dir", temporary.path + "/f"]).status == 0)
    var inside = tool
    inside.wrapper = ["sh", "-c", "cd \"$0\" && exec \"$@\"", temporary.path]
    #expect(try inside.run(["device", "add", "--dir", "f", "--system", "alpha", "--out", "p"]).status == 0)
    #expect(try inside.run(["backup", "--dir", "f", "--out", "b"]).status == 0)
    // To SQLite these would be a URI, and no file at all.
    for name in ["file:x", ":memory:"] {
      let copied = try inside.run(["backup", "--dir", "f", "--out", name, "--output", "json"])
      #expect(copied.status == 0 && copied.json["bytes"] as? Int ?? 0 > 0, "\(copied)")
      var status = stat()
      #expect(stat(temporary.path + "/" + name, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
    #expect(access(temporary.path + "/x", F_OK) != 0)
  }
}
