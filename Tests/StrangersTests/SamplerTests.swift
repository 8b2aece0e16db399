// SPDX-License-Identifier: Apache-2.0

import Strangers
import Synchronization
import Testing

@Suite("Samples")
struct SamplerTests {
  private final class Clock: Sendable {
    let now = Atomic<Int64>(0)
  }

  @Test("So many a second are told, and the others counted by kind")
  func sampling() {
    let clock = Clock()
    let sampler = Sampler(perSecond: 3) { clock.now.load(ordering: .relaxed) }
    for _ in 0..<2 {
      for index in 0..<1_000 { #expect(sampler.admits(index.isMultiple(of: 4) ? "a" : "b") == (index < 3)) }
      #expect(sampler.takeUntold() == ["a": 249, "b": 748])
      #expect(sampler.takeUntold().isEmpty)
      clock.now.add(1, ordering: .relaxed)
    }
    #expect(sampler.admits("c") && sampler.takeUntold().isEmpty)
  }
}
