// SPDX-License-Identifier: Apache-2.0

import AllocationCounter
import Benchmark
import Comparison

/// Nanoseconds of each party and allocations of each party: ordo's own counters of allocations and instructions read 0 here,
/// and one handshake has two parties to be told apart.
enum Cost {
  static let device = BenchmarkMetric.custom("device ns", polarity: .prefersSmaller, useScalingFactor: false)
  static let server = BenchmarkMetric.custom("server ns", polarity: .prefersSmaller, useScalingFactor: false)
  static let deviceAllocations = BenchmarkMetric.custom(
    "device allocations", polarity: .prefersSmaller, useScalingFactor: false)
  static let serverAllocations = BenchmarkMetric.custom(
    "server allocations", polarity: .prefersSmaller, useScalingFactor: false)
  /// Of anything that has one party.
  static let time = BenchmarkMetric.custom("ns", polarity: .prefersSmaller, useScalingFactor: false)
  static let allocations = BenchmarkMetric.custom("allocations", polarity: .prefersSmaller, useScalingFactor: false)

  static func configuration(_ metrics: [BenchmarkMetric], seconds: Int = 1) -> Benchmark.Configuration {
    // The export leaves out whatever has no throughput.
    .init(
      metrics: metrics + [.throughput], warmupIterations: 3, scalingFactor: .one, maxDuration: .seconds(seconds),
      maxIterations: 5_000)
  }

  nonisolated(unsafe) static let meter = HandshakeMeter(
    start: allocation_counter_start, stop: { Int(allocation_counter_stop()) })
}

extension Benchmark {
  /// One party's work, `repeats` times in a row where once would be too short for the clock.
  ///
  /// - Parameter prepare: what the first run needs; done in time that is not measured.
  static func work(
    _ name: String, repeats: Int = 1, seconds: Int = 1, prepare: @escaping () throws -> Void = {},
    _ body: @escaping () throws -> Void
  ) {
    let configuration = Cost.configuration([Cost.time, Cost.allocations], seconds: seconds)
    _ = Benchmark(name, configuration: configuration) { benchmark in
      try prepare()
      for _ in benchmark.scaledIterations {
        let start = ContinuousClock.now
        for _ in 0..<repeats { try body() }
        let spent = ContinuousClock.now - start
        allocation_counter_start()
        try body()
        let allocations = Int(allocation_counter_stop())
        // Tenths: the hash of a block takes less than a microsecond.
        benchmark.measurement(Cost.time, Int(spent.components.attoseconds / 100_000_000) / repeats)
        benchmark.measurement(Cost.allocations, allocations)
      }
    }
  }
}
