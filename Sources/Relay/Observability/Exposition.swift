// SPDX-License-Identifier: Apache-2.0

/// The metrics in Prometheus's text format, version 0.0.4.
extension RelayMetrics {
  package var exposition: String {
    var text = ""
    for family in families {
      let name = "countersign_\(family.name)"
      text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind.rawValue)\n"
      for sample in family.samples {
        let labels = if let label = family.label, let value = sample.label { "{\(label)=\"\(value)\"}" } else { "" }
        text += "\(name)\(labels) \(sample.value)\n"
      }
    }
    histogram(&text)
    return text
  }

  private func histogram(_ text: inout String) {
    let name = "countersign_revocation_propagation_seconds"
    let state = revocationPropagation.snapshot
    text += "# HELP \(name) From the last look that did not see a revocation until sessions were cut: an upper bound.\n"
    text += "# TYPE \(name) histogram\n"
    for (bound, count) in zip(SecondsHistogram.bounds, state.buckets) {
      text += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
    }
    text += "\(name)_bucket{le=\"+Inf\"} \(state.count)\n\(name)_sum \(state.sum)\n\(name)_count \(state.count)\n"
  }
}
