// SPDX-License-Identifier: Apache-2.0

import Metrics
import Relay
import Synchronization

/// Reports what the server counts to a metrics system (swift-metrics), for a program that embeds the server. The server counts on
/// its own and is polled from time to time, so that no frame waits for anybody's metrics.
final class MetricsReporter: Sendable {
  private let metrics: RelayMetrics
  private let factory: any MetricsFactory
  /// The last value reported for each counter.
  private let told = Mutex<[String: Int]>([:])

  init(_ metrics: RelayMetrics, to factory: any MetricsFactory) {
    self.metrics = metrics
    self.factory = factory
  }

  func report() {
    told.withLock { told in
      for family in metrics.families {
        for sample in family.samples { report(family, sample, &told) }
      }
    }
  }

  private func report(_ family: MetricFamily, _ sample: MetricFamily.Sample, _ told: inout [String: Int]) {
    let name = "countersign_\(family.name)"
    let dimensions =
      if let label = family.label, let value = sample.label { [(label, value)] } else { [(String, String)]() }
    switch family.kind {
    case .gauge: Meter(label: name, dimensions: dimensions, factory: factory).set(sample.value)
    case .counter:
      let key = name + (sample.label ?? "")
      let change = sample.value - told[key, default: 0]
      told[key] = sample.value
      Counter(label: name, dimensions: dimensions, factory: factory).increment(by: change)
    }
  }
}
