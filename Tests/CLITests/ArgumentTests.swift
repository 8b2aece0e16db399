// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import CountersignCLI

/// What a command is given, byte by byte, and who it says was here.
@Suite struct ArgumentTests {
  private let temporary = TemporaryDirectory()
  private let tool = CommandLineTool()

  private func shell(_ script: String, _ arguments: [String] = []) throws -> CommandLineTool.Result {
    var tool = CommandLineTool()
    tool.wrapper = ["sh", "-c", script]
    return try tool.run(arguments)
  }

  @Test("An argument or a path that is not UTF-8 is refused, and not repaired in silence")
  func notUTF8() throws {
    let argument = try shell("exec \"$0\" inspect \"$(printf 'a\\377b')\"")
    #expect(argument.status == 64 && argument.error.contains("argument 2 is not UTF-8"), "\(argument)")
    let variable = try shell("COUNTERSIGN_DIR=\"$(printf 'a\\377b')\" exec \"$0\" system list")
    #expect(variable.status == 64 && variable.error.contains("COUNTERSIGN_DIR is not UTF-8"), "\(variable)")
  }

  @Test(arguments: ["127.0.0.1:+7700", "127.0.0.1:-1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:7700 "])
  func noPort(_ text: String) throws {
    #expect(SocketAddress(argument: text) == nil)
    let served = try tool.run(["serve", "--dir", temporary.path, "--listen", text])
    #expect(served.status == 64 && served.error.contains("is not an address"), "\(served)")
  }

  @Test(arguments: ["+1", "0x10", "1e3", "nan"])
  func noNumber(_ text: String) {
    #expect(throws: (any Error).self) { try number(0...Int64.max)(text) }
    #expect(throws: (any Error).self) { try Seconds.parse(text) }
  }

  @Test("The record names the user whom the system knows, whatever the environment says")
  func theEnvironmentNamesNobody() throws {
    var liar = tool
    liar.environment = ["USER": "mallory", "LOGNAME": "mallory"]
    let dir = temporary.path + "/fleet"
    #expect(try liar.run(["init", "--dir", dir, "--unsealed"]).status == 0)
    let audit = try tool.run(["audit", "--dir", dir]).output
    #expect(audit.contains("(init by ") && !audit.contains("mallory"), "\(audit)")
  }
}
