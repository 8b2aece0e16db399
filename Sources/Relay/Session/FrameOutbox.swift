// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// Other devices' frames that wait for one connection, in turn by sender: a flood from one delays nobody else's frames by more
/// than what has already left.
package struct FrameOutbox {
  private var queue = FairQueue<DeviceAddress, OutgoingRecord>()

  package var isEmpty: Bool { queue.isEmpty }

  package init() {}

  /// Adds a frame unless more from its sender waits than is free; `budget` is that of the device that is to read it.
  package mutating func add(_ record: OutgoingRecord, from sender: DeviceAddress, _ budget: DeviceBudget, limit: Int)
    -> Bool
  {
    let weight = record.storedByteCount
    guard queue.weight(of: sender) + weight <= limit - budget.waiting.value else { return false }
    queue.append(record, weight: weight, to: sender)
    budget.waiting.add(weight)
    return true
  }

  package mutating func popFirst(_ budget: DeviceBudget) -> OutgoingRecord? {
    guard let first = queue.popFirst() else { return nil }
    budget.waiting.add(-first.weight)
    return first.element
  }

  /// The connection has ended.
  package mutating func drop(_ budget: DeviceBudget) {
    budget.waiting.add(-queue.weight)
    queue = FairQueue()
  }
}
