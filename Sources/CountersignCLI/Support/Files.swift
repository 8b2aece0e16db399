import Foundation

/// Reads a whole file, or standard input for `-`. Meant for input that is not secret.
func readInput(_ path: String) throws(Failure) -> [UInt8] {
  if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Failure(.noInput, "cannot read \(path)", hint: "Is the name right, and may you read it?")
  }
  return [UInt8](data)
}

/// A moment as people and logs read it: UTC, to the second.
func utc(_ seconds: Int64) -> String {
  Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
}
