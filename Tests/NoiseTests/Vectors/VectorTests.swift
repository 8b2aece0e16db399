// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Test vectors")
struct VectorTests {
  @Test("Every vector of every file, in both roles", arguments: VectorFolders.toRead)
  func everyFile(of folder: URL) throws {
    var ran = 0
    var skipped = 0
    for file in try VectorFolders.files(of: folder) {
      let tally =
        switch file.shape {
        case .sessions: SessionVectors.run(file)
        case .negative: NegativeVectors.run(file)
        case .transport: TransportVectors.run(file)
        case .primitives: PrimitiveVectors.run(file)
        }
      print(tally)
      for failure in tally.failures { Issue.record("\(file.name): \(failure)") }
      ran += tally.ran
      skipped += tally.skippedCount
      if folder == VectorFolders.own { #expect(tally.ran > 0 && tally.skippedCount == 0, "\(file.name)") }
      if folder == VectorFolders.shared && file.name == "cacophony-25519.json" { #expect(tally.ran == 472) }
    }
    print("vectors: \(folder.path): \(ran) ran, \(skipped) skipped")
    if folder == VectorFolders.own { #expect(ran > 1_000) }
  }
}
