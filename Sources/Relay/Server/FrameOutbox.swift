import Credentials

/// Other devices' frames that wait for one connection, in turn by sender: a flood of one delays nobody else's by more than what has
/// left already.
struct FrameOutbox {
  private var queue = FairQueue<DeviceAddress, OutgoingRecord>()

  var isEmpty: Bool { queue.isEmpty }

  /// Adds a frame unless more of its sender waits than is free; `budget` is that of the device that shall read it.
  mutating func add(_ record: OutgoingRecord, from sender: DeviceAddress, _ budget: DeviceBudget, limit: Int) -> Bool {
    let weight = record.storedByteCount
    guard queue.weight(of: sender) + weight <= limit - budget.waiting.value else { return false }
    queue.append(record, weight: weight, to: sender)
    budget.waiting.add(weight)
    return true
  }

  mutating func popFirst(_ budget: DeviceBudget) -> OutgoingRecord? {
    guard let first = queue.popFirst() else { return nil }
    budget.waiting.add(-first.weight)
    return first.element
  }

  /// The connection has ended.
  mutating func drop(_ budget: DeviceBudget) {
    budget.waiting.add(-queue.weight)
    queue = FairQueue()
  }
}
