// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Testing

@testable import CountersignCLI

/// Every command that a page or a help text shows is one that the program takes: its options exist, and go together.
@Suite struct DocumentedCommandTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  struct Command: Sendable, CustomTestStringConvertible {
    let place: String
    let line: String
    var testDescription: String { "\(place): \(line)" }
  }

  private static let pages: [Command] = {
    let docs = (try? FileManager.default.subpathsOfDirectory(atPath: root + "/docs")) ?? []
    return (["README.md"] + docs.filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }).sorted().flatMap { page in
      let text = (try? String(contentsOfFile: root + "/" + page, encoding: .utf8)) ?? ""
      // What stands between fences is to be typed.
      let blocks = text.components(separatedBy: "```").enumerated().filter { !$0.offset.isMultiple(of: 2) }
      return blocks.flatMap { commands(in: $0.element, page) }
    }
  }()

  private static let helps: [Command] = helps(Countersign.self)

  private static func helps(_ command: any ParsableCommand.Type) -> [Command] {
    let own = command.configuration.discussion.replacing(#/^ *Example: /#.anchorsMatchLineEndings(), with: "")
    return commands(in: own, command._commandName) + command.configuration.subcommands.flatMap { helps($0) }
  }

  private static func commands(in text: String, _ place: String) -> [Command] {
    text.replacing(#/\\\n */#, with: "").split(separator: "\n").compactMap { line in
      let line = line.trimmingCharacters(in: .whitespaces)
      // Behind a pipe, or another command's options.
      let start = line.firstRange(of: #/(^|\| |taskset -c 0 |&& )countersign /#)
      return start.map { Command(place: place, line: String(line[$0.upperBound...])) }
    }
  }

  /// The words of a line up to its comment or the end of the command, as a shell takes them apart.
  private static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == " " {
        if let done = word { words.append(done) }
        word = nil
      } else if "|><;&".contains(character) || (character == "#" && word == nil) {
        break
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }

  /// What a reader puts in the place of words in capitals.
  private static let examples = [
    "ID": "00a0b1c2d3e4f506", "HOST:PORT": "127.0.0.1:7700", "KEY": String(repeating: "09", count: 32), "N": "3",
  ]

  @Test func thereAreSome() {
    #expect(Self.pages.count > 50)
    #expect(Self.helps.count > 50)
  }

  @Test(arguments: pages + helps)
  func isTaken(_ command: Command) throws {
    let words = Self.words(command.line).map { Self.examples[$0] ?? $0 }
    do { _ = try Countersign.parseAsRoot(words) } catch  where Countersign.exitCode(for: error) != .success {
      Issue.record("\(command.testDescription)\n\(Countersign.message(for: error))")
    } catch {
      // Help, or a script that is printed.
    }
  }
}
