// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that is read while it changes.
package final class AtomicCount: Sendable {
  private let storage = Atomic<Int>(0)

  package func add(_ amount: Int) {
    if amount != 0 { storage.add(amount, ordering: .relaxed) }
  }

  func set(_ value: Int) { storage.store(value, ordering: .relaxed) }

  package var value: Int { storage.load(ordering: .relaxed) }
}

/// Numbers distinguished by a label with a fixed set of values.
final class LabelledCounter<Label: RawRepresentable<String> & CaseIterable & Hashable & Sendable>: Sendable {
  private let gauges: [Label: AtomicCount]

  init() {
    gauges = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, AtomicCount()) })
  }

  func add(_ label: Label, _ amount: Int = 1) { gauges[label]?.add(amount) }

  func value(_ label: Label) -> Int { gauges[label]?.value ?? 0 }

  var values: [(label: String, value: Int)] {
    Label.allCases.map { ($0.rawValue, value($0)) }
  }
}

/// Seconds, counted in buckets.
final class SecondsHistogram: Sendable {
  static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

  struct State {
    var buckets = [Int](repeating: 0, count: SecondsHistogram.bounds.count)
    var count = 0
    var sum = 0.0
  }

  private let state = Mutex(State())

  func observe(_ seconds: Double) {
    state.withLock { state in
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound { state.buckets[index] += 1 }
      state.count += 1
      state.sum += seconds
    }
  }

  var snapshot: State { state.withLock { $0 } }
}
