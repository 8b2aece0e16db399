// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Wire

/// What an inbox knows of one sender's messages in one generation; see ``Inbox``.
struct Place {
  var system: UInt32 = 0
  var device: UInt64 = 0
  /// 0 in a free place.
  var generation: Generation = 0
  /// Whether this sender had a place for an earlier generation, which gave way.
  var forgotEarlier = false
  /// One more than the highest counter.
  var next: UInt64 = 0
  /// Bit i of the first word: whether counter `next` - 1 - i was seen; the second word goes on.
  var seen: (UInt64, UInt64) = (0, 0)

  func isOf(_ sender: DeviceAddress) -> Bool {
    generation != 0 && device == sender.device.rawValue && system == sender.system.rawValue
  }

  func judge(_ counter: UInt64) -> countersign_result {
    guard counter < next else { return ok() }
    let behind = next - 1 - counter
    guard behind < UInt64(COUNTERSIGN_INBOX_WINDOW) else { return countersign_result(COUNTERSIGN_TOO_OLD) }
    let word = behind < 64 ? seen.0 : seen.1
    return word >> (behind & 63) & 1 == 0 ? ok() : countersign_result(COUNTERSIGN_REPEATED)
  }

  /// Marks a counter that was judged new.
  mutating func accept(_ counter: UInt64) {
    if counter >= next {
      moveUp(by: counter - next + 1)
      next = counter + 1
    }
    let behind = next - 1 - counter
    if behind < 64 { seen.0 |= 1 << behind } else { seen.1 |= 1 << (behind & 63) }
  }

  private mutating func moveUp(by steps: UInt64) {
    if steps >= 128 {
      seen = (0, 0)
    } else if steps >= 64 {
      seen = (0, seen.0 << (steps & 63))
    } else {
      seen = (seen.0 << steps, seen.1 << steps | (seen.0 >> 1) >> (63 - steps))
    }
  }
}

extension Place {
  /// A place in which nothing was seen yet.
  init(_ sender: DeviceAddress, _ generation: Generation) {
    self.init(system: sender.system.rawValue, device: sender.device.rawValue, generation: generation)
  }
}
