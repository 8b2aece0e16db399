// SPDX-License-Identifier: Apache-2.0

import Device
import Noise
import CountersignCrypto
import Schemes

/// What a measured handshake leads to: the session's keys at both ends.
struct SessionEnds: ~Copyable {
  var device = SessionKeys()
  var server = SessionKeys()

  /// Room for the longest frame of a handshake.
  static func frame() -> [UInt8] { [UInt8](repeating: 0, count: 256) }

  /// A handshake counts only if a message then goes through.
  mutating func check() throws {
    var message = [UInt8](repeating: 1, count: 4 + tagLength)
    var bytes = message.mutableBytes
    try device.sending.encrypt(inPlace: &bytes)
    try server.receiving.decrypt(inPlace: &bytes)
  }
}
