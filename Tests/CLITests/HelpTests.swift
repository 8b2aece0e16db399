// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import CountersignCLI

/// What is written for people who do not know the program yet.
@Suite struct HelpTests {
  private let tool = CommandLineTool()

  /// Every command as its words, that of the whole program first.
  private static let commands = words(Countersign.self, [])

  private static func words(_ command: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
    [path] + command.configuration.subcommands.flatMap { words($0, path + [$0._commandName]) }
  }

  /// An example that was wrapped cannot be copied: its lines are indented, or the one before ends with a backslash.
  @Test(arguments: commands) func examplesCanBeCopied(_ command: [String]) throws {
    var narrow = tool
    narrow.environment["COLUMNS"] = "80"
    let help = try narrow.run(command + ["--help"]).output
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("Example") })
    let words = lines[start...].prefix { !$0.isEmpty }
    if words.count == 1 {
      #expect(words[start].hasPrefix("Example: countersign "))
    } else {
      #expect(words[start] == "Examples:")
      for (line, next) in zip(words.dropFirst(), words.dropFirst(2)) {
        #expect(line.hasPrefix("  ") && next.hasPrefix("  "), "\(line)\n\(next)")
        #expect(line.hasSuffix("\\") == next.hasPrefix("    "), "\(line)\n\(next)")
      }
    }
    #expect(words.contains { $0.contains("countersign " + command.joined(separator: " ")) })
  }

  @Test(arguments: [
    (["send", "--timeout", "-1"], "0.001 to 86400"), (["send", "--timeout", "0"], "0.001 to 86400"),
    (["send", "--timeout", "nan"], "0.001 to 86400"), (["listen", "--count", "-3"], "from 1"),
    (["device", "list", "--limit", "-1"], "from 0"), (["audit", "--since", "-1"], "from 0"),
    (["epoch", "advance", "--by", "99999999"], "1 to 65535"), (["epoch", "advance", "--by", "0"], "1 to 65535"),
    (["device", "revoke", "--generation", "65535"], "1 to 65534"), (["serve", "--idle-timeout", "-5"], "from 1"),
    (["noise", "listen", "--rekey-every", "0"], "from 1"), (["load", "--size", "70000"], "1 to 60000"),
  ])
  func aNumberOutOfRangeIsToldTheRange(_ arguments: [String], _ range: String) throws {
    let result = try tool.run(arguments)
    #expect(result.status == 64)
    #expect(result.error.contains(range), "\(result.error)")
  }

  @Test func helpSaysWhatTheReasonsAre() throws {
    #expect(try tool.run(["device", "revoke", "--help"]).output.contains("key-compromise,"))
    #expect(try tool.run(["device", "revoke", "--help"]).output.contains("default: unspecified"))
  }

  /// The page names every command, every exit status and every variable.
  @Test func theReferenceIsComplete() throws {
    let page = try Self.document("reference/command-line.md")
    for command in Self.commands where !command.isEmpty {
      #expect(page.contains("`\(command.joined(separator: " "))"), "\(command)")
    }
    for status in [64, 65, 66, 68, 69, 70, 73, 74, 75, 76, 77, 78] { #expect(page.contains("| \(status) |")) }
    let sources = try FileManager.default.subpathsOfDirectory(atPath: Self.root + "/Sources/CountersignCLI")
    for path in sources where path.hasSuffix(".swift") {
      let text = try String(contentsOfFile: Self.root + "/Sources/CountersignCLI/" + path, encoding: .utf8)
      for match in text.matches(of: #/environment\("(\w+)"\)/#) {
        #expect(page.contains("`\(match.1)`"), "\(match.1)")
      }
    }
  }

  /// The command as it stands in the guide, on a fleet with a device that is revoked.
  @Test func theWholeFleetIsOrderedToRotate() throws {
    let guide = try Self.document("how-to/rotate-keys.md")
    let script = try #require(guide.split(separator: "```").first { $0.contains("--all") })
    let temporary = TemporaryDirectory()
    var inside = tool
    inside.wrapper = ["env", "-C", temporary.path]
    #expect(try inside.run(["init", "--dir", "fleet", "--unsealed"]).status == 0)
    for system in ["alpha", "beta"] { _ = try inside.run(["system", "add", "--dir", "fleet", system]) }
    for (id, system) in [("1", "alpha"), ("2", "beta"), ("3", "alpha")] {
      let file = system + id
      let add = ["device", "add", "--dir", "fleet", "--system", system, "--out", file]
      #expect(try inside.run(add + ["--id", "000000000000000" + id]).status == 0)
    }
    #expect(try inside.run(["device", "revoke", "--dir", "fleet", "0000000000000003"]).status == 0)
    let programs = temporary.path + "/bin"
    mkdir(programs, 0o700)
    symlink(CommandLineTool.path, programs + "/countersign")
    inside.wrapper += ["sh", "-c", "PATH=\(programs):$PATH\n" + script.dropFirst("sh\n".count)]
    let result = try inside.run([])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.isEmpty && result.output == "2 devices will change their keys as they connect.\n", "\(result)")
    inside.wrapper = ["env", "-C", temporary.path]
    for (id, orders) in [("1", ["rotate"]), ("2", ["rotate"]), ("3", [])] {
      let show = try inside.run(["device", "show", "--dir", "fleet", "000000000000000" + id, "--output", "json"])
      #expect(show.json["orders"] as? [String] == orders, "\(id): \(result.output)")
    }
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static func document(_ name: String) throws -> String {
    try String(contentsOfFile: root + "/docs/" + name, encoding: .utf8)
  }
}
