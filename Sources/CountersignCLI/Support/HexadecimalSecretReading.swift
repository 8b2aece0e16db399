// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import CountersignCrypto
import Secrecy

extension HexadecimalSecret {
  /// ``read(_:)`` from a file that must be this user's alone.
  static func read(own path: String) throws(Failure) -> SecretBytes<32> {
    try checkOwn(path)
    return try read(path)
  }

  /// Refuses a file with secrets that group or others have any access to, or that another user owns. What comes through a pipe of the shell
  /// is nobody's file.
  static func checkOwn(_ path: String) throws(Failure) {
    if path == "-" || path.hasPrefix("/dev/") || path.hasPrefix("/proc/") { return }
    do {
      var first = try SecretFile.read(path, limit: 0, followsLinks: true)
      wipe(&first)
    } catch { throw Failure(error) }
  }

  /// Reads 32 secret bytes, written as 64 hexadecimal digits and an optional newline.
  ///
  /// A file that others can read is still used, with a warning: the person may not be its owner.
  static func read(_ path: String) throws(Failure) -> SecretBytes<32> {
    let descriptor: Int32
    do { descriptor = try openInput(path) } catch {
      guard let code = error.code else { throw Failure(error) }
      throw Failure(.noInput, "cannot read \(path): \(code)")
    }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 {
      printWarning("\(path) can be read by others: chmod 600 \(path)")
    }
    var text = [UInt8](repeating: 0, count: 66)
    defer { wipe(&text) }
    var count = 0
    while count < text.count {
      let got = text.withUnsafeMutableBytes { readSome(descriptor, into: .init(rebasing: $0[count...])) }
      if got <= 0 { break }
      count += got
    }
    guard count == 64 || count == 65 && text[64] == UInt8(ascii: "\n"), var bytes = secretBytes(text[..<64]) else {
      throw Failure(
        .dataError, "\(path) does not hold a key", hint: "A key file has 64 hexadecimal digits and nothing else.")
    }
    defer { wipe(&bytes) }
    var key = SecretBytes<32>()
    key.copy(from: bytes.bytes)
    return key
  }

  private static func secretBytes(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(32)
    var high: UInt8?
    for digit in digits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
      default: return nil
      }
      if let first = high {
        result.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return result
  }
}

/// Warns if keys are in memory that the system may write to swap. They are still used.
func warnOfUnlockedMemory() {
  guard let code = LockedMemory.failure else { return }
  printWarning(
    "the keys' memory cannot be locked (\(String(cString: strerror(code)))) and may reach the swap: raise `ulimit -l`")
}

/// One line on standard error, for something worth knowing but no reason to stop.
func printWarning(_ text: String) {
  printError("countersign: \(Terminal.onOneLine(text))\n")
}
