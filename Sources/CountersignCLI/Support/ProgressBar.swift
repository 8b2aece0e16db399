// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line on the terminal that shows how far a long piece of work is. Anywhere else it shows nothing.
struct ProgressBar {
  let total: Int
  private let isVisible = isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb"
  private let start = ContinuousClock.now
  private static let width = 30

  init(total: Int) {
    self.total = total
  }

  func show(_ done: Int) {
    guard isVisible, total > 0 else { return }
    let filled = Self.width * done / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
    let elapsed = start.duration(to: .now)
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = seconds > 0.1 ? ", \(Int(Double(done) / seconds)) a second" : ""
    printError("\r[\(bar)] \(done) of \(total)\(rate)   ")
  }

  func finish() {
    guard isVisible, total > 0 else { return }
    printError("\n")
  }
}
