// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The lines of an agent's standard input, read by a thread of their own: bounded in length, and read no faster than they are dealt with.
struct AgentInput {
  /// The longest line: a message of 64,000 bytes in which every character is escaped, and what is around it.
  static let maximumLength = 512 << 10

  enum Line: Sendable {
    case whole([UInt8])
    case tooLong
  }

  private var buffer: [UInt8] = []
  private var start = 0
  private var isSkipping = false
  private var isAtEnd = false

  /// The next line that is not empty, without its end; nil at the end of input.
  mutating func next() -> Line? {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(buffer[start..<end])
        start = end + 1
        if isSkipping {
          isSkipping = false
          continue
        }
        if line.count > Self.maximumLength { return .tooLong }
        if !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
          return .whole(line)
        }
        continue
      }
      if isAtEnd {
        let rest = Array(buffer[start...])
        buffer = []
        start = 0
        return rest.isEmpty || isSkipping ? nil : rest.count > Self.maximumLength ? .tooLong : .whole(rest)
      }
      if buffer.count - start > Self.maximumLength {
        buffer = []
        start = 0
        guard !isSkipping else { continue }
        isSkipping = true
        return .tooLong
      }
      fill()
    }
  }

  private mutating func fill() {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = chunk.withUnsafeMutableBytes { readSome(STDIN_FILENO, into: $0) }
    if count <= 0 { isAtEnd = true } else { buffer += chunk[..<count] }
  }
}
