// SPDX-License-Identifier: Apache-2.0

/// What became of the vectors of one file.
struct Tally: CustomStringConvertible {
  let file: String
  private(set) var ran = 0
  private(set) var failures: [String] = []
  private(set) var skipped: [String: Int] = [:]
  private(set) var notes: [String: Int] = [:]

  init(_ file: String) { self.file = file }

  mutating func pass() { ran += 1 }

  mutating func fail(_ what: String) {
    ran += 1
    failures.append(what)
  }

  mutating func skip(_ reason: String) { skipped[reason, default: 0] += 1 }

  mutating func note(_ text: String, _ count: Int) {
    if count > 0 { notes[text, default: 0] += count }
  }

  /// Runs one vector; whatever it throws is a failure.
  mutating func run(_ name: String, _ body: () throws -> Void) {
    do {
      try body()
      pass()
    } catch { fail("\(name): \(error)") }
  }

  var skippedCount: Int { skipped.values.reduce(0, +) }

  var description: String {
    var text = "vectors: \(file): \(ran) ran, \(ran - failures.count) passed, \(skippedCount) skipped"
    for (reason, count) in skipped.sorted(by: { $0.key < $1.key }) { text += "\n  skipped \(count): \(reason)" }
    for (note, count) in notes.sorted(by: { $0.key < $1.key }) { text += "\n  \(count) \(note)" }
    return text
  }
}
