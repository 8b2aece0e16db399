import Assembly
import Foundation

/// Reads a whole file, or standard input for `-`. Meant for input that is not secret.
func readInput(_ path: String) throws(Failure) -> [UInt8] {
  if path == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Failure(.noInput, "cannot read \(path)", hint: "Is the name right, and may you read it?")
  }
  return [UInt8](data)
}

/// Writes what is not secret to a new file, or to standard output for `-`.
func writeOutput(_ bytes: [UInt8], to path: String) throws(Failure) {
  if path == "-" {
    FileHandle.standardOutput.write(Data(bytes))
    return
  }
  do {
    try Data(bytes).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
  } catch {
    throw Failure(
      .cannotCreate, "cannot create \(path)",
      hint: access(path, F_OK) == 0
        ? "It exists, and is not overwritten." : "Does its directory exist, and may you write there?")
  }
}

/// A moment as people and logs read it: UTC, to the second.
func utc(_ seconds: Int64) -> String {
  Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
}
