// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// An error as a person at a terminal needs it: what was wrong, what to do next, and the exit status (sysexits).
struct Failure: Error {
  enum Status: Int32 {
    /// EX_USAGE: the command was used incorrectly.
    case usage = 64
    /// EX_DATAERR: input that does not parse or does not verify.
    case dataError = 65
    /// EX_NOINPUT: a file that is missing or cannot be read.
    case noInput = 66
    /// EX_NOHOST: an address that does not resolve or does not answer.
    case noHost = 68
    /// EX_UNAVAILABLE: the peer or a service refused or went away.
    case unavailable = 69
    /// EX_SOFTWARE: a fault of this program.
    case software = 70
    /// EX_CANTCREAT: an output that cannot be written.
    case cannotCreate = 73
    /// EX_IOERR: input or output failed in the middle.
    case ioError = 74
    /// EX_TEMPFAIL: try again later.
    case temporary = 75
    /// EX_PROTOCOL: the peer broke the protocol, or is not who it should be.
    case protocolError = 76
    /// EX_NOPERM: not allowed.
    case noPermission = 77
    /// EX_CONFIG: a setting or a file of the authority is wrong.
    case configuration = 78
  }

  let status: Status
  let message: String
  let hint: String?

  init(_ status: Status, _ message: String, hint: String? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
  }

  static var unwritableOutput: Failure {
    Failure(.ioError, "cannot write to standard output: \(String(cString: strerror(errno)))")
  }

  func printAndExit() -> Never {
    var text = "countersign: \(Terminal.onOneLine(message))\n"
    if let hint { text += "  \(Terminal.onOneLine(hint))\n" }
    printError(text)
    Foundation.exit(status.rawValue)
  }
}
