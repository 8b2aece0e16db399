// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The lines of standard input, as bytes, for one reader at a time.
///
/// Waiting for a line can be given up without losing any input: `listen` does so when a session ends.
final class InputLines: @unchecked Sendable {
  private var buffer: [UInt8] = []
  private var isAtEnd = false

  /// The next line without its newline; nil at the end of input, or when `isWanted` says no and no input has come for a
  /// tenth of a second.
  func next(while isWanted: () -> Bool) -> [UInt8]? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeSubrange(...end) }
        return Array(buffer[..<end])
      }
      if isAtEnd {
        defer { buffer = [] }
        return buffer.isEmpty ? nil : buffer
      }
      let isLastTry = !isWanted()
      var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, 100) > 0 else {
        if isLastTry { return nil }
        continue
      }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = chunk.withUnsafeMutableBytes { readSome(STDIN_FILENO, into: $0) }
      if count <= 0 { isAtEnd = true } else { buffer += chunk[..<count] }
    }
  }
}
