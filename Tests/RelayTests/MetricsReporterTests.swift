// SPDX-License-Identifier: Apache-2.0

import MetricsTestKit
import Testing

@testable import Relay
@testable import RelayServer

@Suite("Metrics for a program that has the server in it")
struct MetricsReporterTests {
  @Test("Counters are told what has come since the last report, gauges what they stand at")
  func reports() throws {
    let metrics = RelayMetrics()
    let system = TestMetrics()
    let reporter = MetricsReporter(metrics, to: system)
    metrics.framesRouted.add(3)
    metrics.sessions.set(7)
    metrics.handshakes.add(.refused(.revoked))
    reporter.report()
    metrics.framesRouted.add(2)
    metrics.sessions.set(4)
    reporter.report()

    #expect(try system.expectCounter("countersign_frames_routed_total").values == [3, 2])
    #expect(try system.expectMeter("countersign_sessions").values == [7, 4])
    #expect(try system.expectCounter("countersign_handshakes_total", [("result", "revoked")]).values == [1, 0])
  }
}
