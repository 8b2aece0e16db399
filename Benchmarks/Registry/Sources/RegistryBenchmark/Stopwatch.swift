// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Time on the clock and on the processor: the latter tells the cost on a machine that others use too.
struct Stopwatch {
  private let start = ContinuousClock.now
  private let startCPU = Stopwatch.processorSeconds()

  /// Seconds since the start, on the clock and on the processor.
  var elapsed: (clock: Double, processor: Double) {
    let clock = start.duration(to: .now).components
    return (Double(clock.seconds) + Double(clock.attoseconds) / 1e18, Stopwatch.processorSeconds() - startCPU)
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func rounded(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }
