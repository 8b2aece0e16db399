import Foundation
import Testing

/// Standard input, output and errors as a shell can hand them on: a directory, closed, full, without an end.
@Suite struct StandardStreamsTests {
  private func run(_ arguments: [String], _ redirection: String) throws -> CommandLineTool.Result {
    var tool = CommandLineTool()
    tool.wrapper = ["sh", "-c", "exec \"$0\" \"$@\" \(redirection)"]
    return try tool.run(arguments)
  }

  @Test(arguments: [["inspect", "-"], ["compare", "--budget", "-"]], ["< /", "<&-"])
  func inputThatCannotBeRead(arguments: [String], redirection: String) throws {
    let result = try run(arguments, redirection)
    #expect(result.status == 66 && result.error.contains("cannot read"), "\(result.status): \(result.error)")
  }

  @Test func inputWithoutAnEnd() throws {
    let result = try run(["inspect", "-"], "< /dev/zero")
    #expect(result.status == 65 && result.error.contains("more than"), "\(result.status): \(result.error)")
  }

  @Test(arguments: [
    ["compare", "--list"], ["matrix", "--list"], ["noise", "explain", "Noise_IK_25519_ChaChaPoly_SHA256"],
  ])
  func outputThatCannotBeWritten(arguments: [String]) throws {
    let result = try run(arguments, "> /dev/full")
    #expect(result.status == 74 && result.error.contains("cannot write to standard output"), "\(result)")
  }

  @Test func errorsThatCannotBeWritten() throws {
    #expect(try run(["inspect", "/nowhere"], "2> /dev/full").status == 66)
  }
}
