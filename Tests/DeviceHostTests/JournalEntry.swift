// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Wire

/// An entry of an inbox's journal as its format says, written without the code under test.
enum JournalEntry {
  static func bytes(_ sender: DeviceAddress, _ id: MessageID) -> [UInt8] {
    var bytes: [UInt8] = []
    for shift in stride(from: 24, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: sender.system.rawValue >> UInt32(shift)))
    }
    for value in [sender.device.rawValue, id.rawValue] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
      }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(bytes.bytes, into: &span)
    return bytes + digest[..<4]
  }
}
