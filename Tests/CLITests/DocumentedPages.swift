// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A page of the documentation, taken apart into what its reader types.
struct DocumentedPage {
  /// What stands between two fences.
  struct Block {
    /// What follows the opening fence: `sh` for what is to be typed, `csv NAME` for a table that is to be saved.
    let kind: String
    let text: String

    /// The commands, each with its continuation lines.
    var commands: [String] {
      text.replacing("\\\n", with: "").split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../").standardized.path

  /// README.md and whatever lies under docs.
  static let names: [String] = {
    let docs = (try? FileManager.default.subpathsOfDirectory(atPath: root + "/docs")) ?? []
    return (["README.md"] + docs.filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }).sorted()
  }()

  let name: String
  let blocks: [Block]

  init(_ name: String) throws {
    self.name = name
    let text = try String(contentsOfFile: Self.root + "/" + name, encoding: .utf8)
    var blocks: [Block] = []
    var open: (kind: String, indent: Int, lines: [String])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let content = line.drop { $0 == " " }
      guard content.hasPrefix("```") else {
        let indent = min(open?.indent ?? 0, line.count - content.count)
        open?.lines.append(String(line.dropFirst(indent)))
        continue
      }
      if let done = open {
        blocks.append(Block(kind: done.kind, text: done.lines.joined(separator: "\n") + "\n"))
        open = nil
      } else {
        open = (String(content.dropFirst(3)), line.count - content.count, [])
      }
    }
    self.blocks = blocks
  }

  /// The blocks that are to be typed.
  var typed: [Block] { blocks.filter { $0.kind == "sh" } }
}
