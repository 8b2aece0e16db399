import Foundation

/// Reads a whole file, or standard input for `-`. Meant for input that is not secret.
///
/// - Parameter limit: bytes; the largest batch of devices stays below it.
func readInput(_ path: String, limit: Int = 1 << 28) throws(Failure) -> [UInt8] {
  let name = path == "-" ? "standard input" : path
  let file: FileHandle
  do {
    file =
      path == "-" ? .standardInput : FileHandle(fileDescriptor: try openInput(path), closeOnDealloc: true)
  } catch {
    guard case .system(let code) = error.reason, code != .isDirectory else {
      throw Failure(.noInput, "cannot read \(name)", hint: "Is it a file or a pipe that is open for reading?")
    }
    throw Failure(.noInput, "cannot read \(name)", hint: "Is the name right, and may you read it?")
  }
  var bytes: [UInt8] = []
  do {
    // Not by FileHandle's functions that cannot throw: those trap.
    while bytes.count <= limit, let part = try file.read(upToCount: 1 << 20), !part.isEmpty { bytes += part }
  } catch {
    throw Failure(.noInput, "cannot read \(name)", hint: "Is it a file or a pipe that is open for reading?")
  }
  guard bytes.count <= limit else { throw Failure(.dataError, "\(name) has more than \(limit) bytes") }
  return bytes
}

/// A moment as people and logs read it: UTC, to the second.
func utc(_ seconds: Int64) -> String {
  Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
}
