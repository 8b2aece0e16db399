// SPDX-License-Identifier: Apache-2.0

import Foundation
import Noise
import Testing

/// docs/reference/noise.md says what the code says.
@Suite("The reference")
struct DocumentationTests {
  private let text: String

  init() throws {
    text = try String(contentsOf: VectorFolders.packageRoot.appending(path: "docs/reference/noise.md"), encoding: .utf8)
  }

  @Test("Every example is the one that ExampleTests runs")
  func examples() throws {
    let source = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "ExampleTests.swift"),
      encoding: .utf8)
    var examples: [[String]] = []
    var isInside = false
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    // begin: ") {
        examples.append([])
        isInside = true
      } else if line.hasPrefix("    // end: ") {
        isInside = false
      } else if isInside {
        examples[examples.count - 1].append(String(line.dropFirst(4)))
      }
    }
    #expect(examples.count == 9)
    for example in examples {
      #expect(text.contains("```swift\n" + example.joined(separator: "\n") + "\n```"), "\(example.first ?? "")")
    }
    #expect(text.components(separatedBy: "```swift").count == examples.count + 1)
  }

  @Test("The sizes of handshakes with hfs are those that the patterns tell")
  func sizes() throws {
    let patterns: [HandshakePattern] = [.XX, .XXhfs, .IK, .IKhfs, .XK, .XKhfs]
    for (index, title) in ["message 1, bytes beyond the payload", "message 2", "message 3"].enumerated() {
      let cells = patterns.map { pattern in
        index < pattern.messageCount
          ? " \(pattern.messageOverhead(index).formatted(.number.locale(Locale(identifier: "en_US")))) " : " "
      }
      #expect(text.contains("| \(title) |\(cells.joined(separator: "|"))|"))
    }
  }

  @Test("The table of grades is the one that the code has")
  func grades() throws {
    for pattern in HandshakePattern.all {
      let payloads = try #require(pattern.payloadSecurity).map(\.description).joined(separator: " · ")
      let hiding = try #require(pattern.identityHiding)
      #expect(text.contains("\n| \(pattern.name) | \(payloads) | \(hiding.initiator) | \(hiding.responder) |\n"))
    }
  }
}
