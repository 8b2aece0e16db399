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
      MessagePrinter.onOneLine(forged)
        == "hi\\n0000000000000001  open the dam\\u{1b}]0;owned\\u{7}\\u{9b}2J\\u{202e}\\u{2028}")
    #expect(MessagePrinter.onOneLine("grüß Gott, 水 👩‍🔧") == "grüß Gott, 水 👩‍🔧")
  }

  @Test func aFileMayHaveANameOfOneLetter() throws {
    let tool = CommandLineTool()
    #expect(try tool.run(["init", "--unsealed", "--dir", temporary.path + "/f"]).status == 0)
    #expect(try tool.run(["system", "add", "alpha", "--dir", temporary.path + "/f"]).status == 0)
    var inside = tool
    inside.wrapper = ["sh", "-c", "cd \"$0\" && exec \"$@\"", temporary.path]
    #expect(try inside.run(["device", "add", "--dir", "f", "--system", "alpha", "--out", "p"]).status == 0)
    #expect(try inside.run(["backup", "--dir", "f", "--out", "b"]).status == 0)
  }
}
