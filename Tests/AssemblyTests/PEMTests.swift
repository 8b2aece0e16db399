// SPDX-License-Identifier: Apache-2.0

import TestSeed
import Testing

@testable import Assembly

@Suite struct PEMTests {
  @Test func whatIsArmouredIsReadAgain() throws {
    for label in PEM.Label.allCases {
      let pem = PEM(label, (0..<116).map { UInt8($0) })
      let text = pem.text
      #expect(text.hasPrefix("-----BEGIN \(label.rawValue)-----\n"))
      #expect(text.hasSuffix("-----END \(label.rawValue)-----\n"))
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 64 || $0.hasPrefix("-----") })
      #expect(try PEM(parsing: Array(text.utf8)) == pem)
      #expect(try PEM(parsing: Array(("note\n" + text.replacing("\n", with: "\r\n") + "more").utf8)) == pem)
    }
  }

  @Test(arguments: [
    ("", PEMProblem.noBegin), ("-----BEGIN COUNTERSIGN", .noBegin),
    ("-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----", .unknownLabel),
    ("-----BEGIN COUNTERSIGN CERTIFICATE-----\nAA==\n", .noEnd),
    ("-----BEGIN COUNTERSIGN CERTIFICATE-----\nAA==\n-----END COUNTERSIGN POLICY STATEMENT-----", .noEnd),
    ("-----BEGIN COUNTERSIGN CERTIFICATE-----\nA?==\n-----END COUNTERSIGN CERTIFICATE-----", .invalidBase64),
  ])
  func problems(_ text: String, _ problem: PEMProblem) {
    #expect(throws: AssemblyError.pem(problem)) { try PEM(parsing: Array(text.utf8)) }
  }

  @Test func anyInputIsParsedOrRefused() {
    var random = SeededGenerator(for: "PEM input")
    let valid = Array(PEM(.certificate, (0..<116).map { UInt8($0) }).text.utf8)
    var accepted = 0
    var refused = 0
    for _ in 0..<100_000 {
      do throws(AssemblyError) {
        _ = try PEM(parsing: random.mutate(valid))
        accepted += 1
      } catch {
        guard case .pem = error else {
          Issue.record("\(error)")
          continue
        }
        refused += 1
      }
    }
    #expect(accepted > 1000 && refused > 1000)
  }
}
