// SPDX-License-Identifier: Apache-2.0

import Credentials
import Records
import Testing
import Wire

@testable import Relay

/// The parts of which budgets are made, by themselves.
@Suite("Fairness")
struct FairnessTests {
  private func device(_ system: UInt32, _ id: UInt64) -> DeviceAddress {
    DeviceAddress(system: SystemID(system), device: DeviceID(id))
  }

  @Test("A bucket gives its burst at once, its rate from then on, and credit for one burst more")
  func bucket() {
    var bucket = TokenBucket(Rate(perSecond: 10, burst: 4), at: 0)
    for _ in 0..<4 { #expect(bucket.take(at: 0) == true) }
    #expect(bucket.take(at: 99_000_000) == false)
    #expect(bucket.take(at: 100_000_000) == true)
    let debts = (1...4).map { _ in bucket.spend(at: 100_000_000) }
    #expect(debts == [100_000_000, 200_000_000, 300_000_000, 400_000_000])
    #expect(bucket.spend(at: 100_000_000) == nil)
    #expect(bucket.spend(at: 200_000_000) == 400_000_000)
    #expect(bucket.isFull(at: 900_000_000) == false)
    #expect(bucket.isFull(at: 1_000_000_000) == true)
    // A clock that goes back gives nothing.
    #expect(bucket.take(4, at: 1_000_000_000) == true)
    #expect(bucket.take(at: 5) == false)
  }

  @Test("Lanes are served in turn by weight, each in its own order")
  func lanes() {
    var queue = FairQueue<Int, String>()
    for index in 0..<100 { queue.append("flood \(index)", weight: 2_048, to: 1) }
    queue.append("large", weight: 60_000, to: 2)
    queue.append("a", weight: 100, to: 3)
    queue.append("b", weight: 100, to: 3)
    #expect(queue.weight(of: 1) == 204_800)
    let first = (0..<5).map { _ in queue.popFirst()!.element }
    #expect(first == ["flood 0", "flood 1", "large", "a", "b"])
    // Who has had a large one waits until the others have had as much.
    queue.append("large again", weight: 60_000, to: 2)
    queue.append("c", weight: 100, to: 3)
    let next = (0..<30).map { _ in queue.popFirst()!.element }
    #expect(next.firstIndex(of: "c")! < 5)
    #expect(next.contains("large again"))
    while queue.popFirst() != nil {}
    #expect(queue.isEmpty && queue.weight == 0 && queue.weight(of: 1) == 0)
  }

  @Test("However many devices a system has, another system's gets its turn, and each device its turn within the system")
  func systems() {
    var queue = DeviceQueue<String>()
    for id in UInt64(1)...50 {
      for _ in 0..<20 { queue.append("flood", weight: 4_096, of: device(1, id)) }
    }
    queue.append("honest", weight: 4_096, of: device(1, 51))
    queue.append("other", weight: 4_096, of: device(2, 1))
    var order: [String] = []
    while let next = queue.popFirst() { order.append(next.element) }
    #expect(order.count == 1_002)
    #expect(order.firstIndex(of: "other") == 1)
    #expect(order.firstIndex(of: "honest") == 51)
  }

  @Test("One system alone is not held back; beside others it has its share and what they leave")
  func shares() {
    // 1,000 records in each window.
    let shares = SystemShares(recordsPerSecond: 50_000)
    let (a, b) = (SystemID(1), SystemID(2))
    for _ in 0..<5_000 { #expect(shares.charge(a, at: 0) == 0) }
    // The other has said something: from here on the first has used more than what that leaves.
    #expect(shares.charge(b, at: 0) == 0)
    #expect(shares.charge(a, at: 0) == SystemShares.window)
    // In the next window the first has what the other left in the last one.
    let next = SystemShares.window
    #expect((0..<999).allSatisfy { _ in shares.charge(a, at: next) == 0 })
    #expect(shares.charge(a, at: next) > 0)
    // The other has its half in any case.
    #expect((0..<500).allSatisfy { _ in shares.charge(b, at: next) == 0 })
    #expect(shares.charge(b, at: next) > 0)
    // Nobody spoke for a window: all is forgotten.
    #expect((0..<5_000).allSatisfy { _ in shares.charge(a, at: 9 * next) == 0 })
  }

  @Test(
    "Of one sender there waits at a reader as much as is free, over all sessions of the reader; what leaves makes room")
  func outbox() {
    var limits = DeviceLimits()
    limits.openersKnown = 2
    let budget = DeviceBudget(limits, at: 0)
    let record = OutgoingRecord(.pong)
    let weight = record.storedByteCount
    var first = FrameOutbox()
    var second = FrameOutbox()
    let flood = (0..<20).filter { _ in first.add(record, from: device(1, 1), budget, limit: 10 * weight) }
    #expect(flood.count == 5)
    let again = (0..<20).filter { _ in second.add(record, from: device(1, 1), budget, limit: 10 * weight) }
    #expect(again.count == 3)
    let isAdded = first.add(record, from: device(1, 2), budget, limit: 10 * weight)
    #expect(isAdded)
    #expect(budget.waiting.value == 9 * weight)
    let popped = first.popFirst(budget)
    #expect(popped != nil)
    #expect(budget.waiting.value == 8 * weight)
    first.drop(budget)
    second.drop(budget)
    #expect(budget.waiting.value == 0 && first.isEmpty)
  }
}
