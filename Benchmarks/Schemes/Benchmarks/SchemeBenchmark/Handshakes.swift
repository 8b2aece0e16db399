// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Comparison

/// Every scheme that the comparison knows: the device's part and the server's.
func handshakes() throws {
  for scheme in try SchemeHandshake.all() {
    var handshake = scheme
    let metrics = [Cost.device, Cost.server, Cost.deviceAllocations, Cost.serverAllocations]
    _ = Benchmark("handshake/\(scheme.scheme.name)", configuration: Cost.configuration(metrics)) { benchmark in
      for _ in benchmark.scaledIterations {
        let cost = try handshake.run()
        let counted = try handshake.run(meter: Cost.meter)
        benchmark.measurement(Cost.device, Int(cost.deviceNanoseconds * 10))
        benchmark.measurement(Cost.server, Int(cost.serverNanoseconds * 10) / scheme.served)
        benchmark.measurement(Cost.deviceAllocations, counted.deviceCount)
        benchmark.measurement(Cost.serverAllocations, counted.serverCount)
      }
    }
  }
}
