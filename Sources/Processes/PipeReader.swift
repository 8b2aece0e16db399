// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The reading end of a pipe, closed when the last reference goes.
public final class PipeReader: Sendable {
  private let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = close(descriptor) }

  /// Waits for bytes; none when every writer has closed.
  public func next() -> [UInt8] {
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, initialized in
      repeat { count = read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
      initialized = max(count, 0)
    }
    return bytes
  }

  /// Everything until every writer has closed.
  public func rest() -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = next()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// Everything up to the end of a line; more may follow.
  public func line() -> String {
    var all: [UInt8] = []
    while !all.contains(UInt8(ascii: "\n")) {
      let bytes = next()
      if bytes.isEmpty { break }
      all += bytes
    }
    return String(decoding: all, as: UTF8.self)
  }
}
