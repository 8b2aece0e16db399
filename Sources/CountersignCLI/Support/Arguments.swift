// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the command was given, before anything is taken from it.
enum Arguments {
  private static let variables = [
    "COUNTERSIGN_DIR", "COUNTERSIGN_DEVICE", "COUNTERSIGN_SERVER", "COUNTERSIGN_PASSPHRASE_FILE",
  ]

  /// Refuses what is not UTF-8. Swift would repair it, and a message or a file would not be the one that was meant.
  static func check() throws(Failure) {
    for index in 1..<max(Int(CommandLine.argc), 1) {
      guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else { continue }
      throw Failure(
        .usage, "argument \(index) is not UTF-8",
        hint: "Nothing was done. To send a message of any bytes, use standard input: countersign send ... -")
    }
    for name in variables {
      guard let value = getenv(name), String(validatingCString: value) == nil else { continue }
      throw Failure(.usage, "\(name) is not UTF-8", hint: "Nothing was done. Give the path another name.")
    }
  }
}

/// A command and who runs it, for the record. The system says who that is, because anybody can set USER in the environment.
func actor(_ command: String) -> String {
  let user = getuid()
  var entry = passwd()
  var found: UnsafeMutablePointer<passwd>?
  let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer -> String? in
    guard let memory = buffer.baseAddress, getpwuid_r(user, &entry, memory, buffer.count, &found) == 0, found != nil
    else {
      return nil
    }
    return entry.pw_name.map { String(cString: $0) }
  }
  return "\(command) by \(name ?? "user \(user)")"
}
