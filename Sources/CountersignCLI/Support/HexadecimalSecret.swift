// SPDX-License-Identifier: Apache-2.0

import Files
import CountersignCrypto

/// Secrets in files of hexadecimal digits: readable by their owner only, never overwritten, wiped from this process's buffers.
enum HexadecimalSecret {
  /// Creates `path` with mode 0600 and the bytes as hexadecimal digits and a newline.
  static func create(_ path: String, hexadecimal bytes: RawSpan) throws(Failure) {
    var text = [UInt8]()
    text.reserveCapacity(2 * bytes.byteCount + 1)
    bytes.withUnsafeBytes { bytes in
      for byte in bytes { text.append(contentsOf: hexadecimalDigits(byte)) }
    }
    text.append(UInt8(ascii: "\n"))
    defer { wipe(&text) }
    do { try SecretFile.create(path, text.bytes) } catch { throw Failure(error) }
  }
}
