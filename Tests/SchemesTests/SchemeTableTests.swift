// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Noise
import Schemes
import Testing

@Suite("The table of schemes")
struct SchemeTableTests {
  @Test("Messages and lengths are what the pattern and the hint say", arguments: SchemeID.allCases)
  func lengths(_ scheme: SchemeID) {
    let row = scheme.row
    guard let pattern = row.exchange.pattern else {
      guard row.exchange == .challenge else {
        #expect(row.exchange == .none && row.maximumHelloLength == 0 && row.replyLength == 0)
        return
      }
      // Scheme, hint, counter, code; nonce, code.
      #expect(row.messageCount == 2 && row.maximumHelloLength == 1 + row.hint.length + 4 + 16 && row.replyLength == 32)
      return
    }
    // What vouches for the device goes with its last message.
    let payload = row.shown == .certificate && row.messageCount == 2 ? Certificate.handshakeLength : 0
    #expect(row.messageCount == pattern.messageCount && (2...3).contains(row.messageCount))
    #expect(row.maximumHelloLength == 1 + row.hint.length + pattern.messageOverhead(0) + payload)
    #expect(row.replyLength == pattern.messageOverhead(1))
    #expect(row.maximumHelloLength <= Initiator.maximumHelloLength)
    // A device has a key pair where the handshake knows its static key.
    #expect(row.hasKeyPair == pattern.needsStatic(.initiator))
    #expect(row.usesPSK == (pattern.pskCount == 1))
    #expect((row.shown == .credential) == pattern.isImplicit)
  }

  @Test("Every scheme has a name of its own, by which it is found and stored")
  func names() throws {
    #expect(Set(SchemeID.allCases.map(\.name)).count == SchemeID.allCases.count)
    for scheme in SchemeID.allCases {
      #expect(SchemeID(named: scheme.name) == scheme && "\(scheme)" == scheme.name)
      let json = try JSONEncoder().encode([scheme: [scheme]])
      #expect(String(decoding: json, as: UTF8.self) == #"{"\#(scheme.name)":["\#(scheme.name)"]}"#)
      #expect(try JSONDecoder().decode([SchemeID: [SchemeID]].self, from: json) == [scheme: [scheme]])
    }
    #expect(SchemeID(named: "") == nil && SchemeID(named: "Certified") == nil)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(SchemeID.self, from: Data(#""none""#.utf8)) }
  }

  @Test("Nothing but the table tells schemes apart: no switch over them elsewhere")
  func noSwitch() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    // Names that nothing but a scheme has.
    let pattern = /case [^"]*\.(sharedKey|derivedKey\w*|compactKK|hybridIKpsk2|registered|broadcast)\b/
    var count = 0
    for case let file as URL in files
    where file.pathExtension == "swift" && file.lastPathComponent != "SchemeTable.swift" {
      count += 1
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.contains(pattern) {
        Issue.record("\(file.lastPathComponent): \(line)")
      }
    }
    #expect(count > 300)
  }
}
