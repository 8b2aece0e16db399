// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import SystemPackage

/// Reads a whole file, or standard input for `-`. Meant for input that is not secret.
///
/// - Parameter limit: bytes; the largest batch of devices stays below it.
func readInput(_ path: String, limit: Int = 1 << 28) throws(Failure) -> [UInt8] {
  let name = path == "-" ? "standard input" : path
  let descriptor: Int32
  do { descriptor = path == "-" ? STDIN_FILENO : try openInput(path) } catch {
    guard case .system(let code) = error.reason, code != .isDirectory else {
      throw Failure(.noInput, "cannot read \(name)", hint: "Is it a file or a pipe that is open for reading?")
    }
    throw Failure(.noInput, "cannot read \(name)", hint: "Is the name right, and may you read it?")
  }
  defer { if path != "-" { close(descriptor) } }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while bytes.count <= limit {
    let count = part.withUnsafeMutableBytes { readSome(descriptor, into: $0) }
    guard count >= 0 else {
      throw Failure(.noInput, "cannot read \(name)", hint: "Is it a file or a pipe that is open for reading?")
    }
    if count == 0 { break }
    bytes += part[..<count]
  }
  guard bytes.count <= limit else { throw Failure(.dataError, "\(name) has more than \(limit) bytes") }
  return bytes
}

/// A moment as people and logs read it: UTC, to the second.
func utc(_ seconds: Int64) -> String {
  Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
}
