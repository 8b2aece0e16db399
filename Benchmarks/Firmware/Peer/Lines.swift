// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Prints `word HEX`.
func emit(_ word: String, _ bytes: [UInt8]) {
  let digits = bytes.map { String(format: "%02x", $0) }.joined()
  FileHandle.standardOutput.write(Data("\(word) \(digits)\n".utf8))
}

func fatal(_ message: String) -> Never {
  FileHandle.standardError.write(Data("firmware-peer: \(message)\n".utf8))
  exit(1)
}

/// The bytes that hexadecimal digits stand for, or nil when there is anything else.
func bytes(hexadecimal text: some StringProtocol) -> [UInt8]? {
  let digits = Array(text)
  guard digits.count.isMultiple(of: 2) else { return nil }
  var result = [UInt8]()
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else { return nil }
    result.append(byte)
  }
  return result
}
