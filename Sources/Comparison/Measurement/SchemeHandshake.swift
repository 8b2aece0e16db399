// SPDX-License-Identifier: Apache-2.0

import Schemes
import Schemes

/// One scheme's handshake for a benchmark to run again and again: the same that the comparison measures, with fresh keys and
/// both parties in this process.
public struct SchemeHandshake {
  /// What one handshake took.
  public struct Cost: Sendable {
    public var deviceNanoseconds: Double
    public var serverNanoseconds: Double
    /// What the meter counted meanwhile.
    public var deviceCount: Int
    public var serverCount: Int
  }

  public let scheme: SchemeID
  /// How many devices one run of the server serves: more than one where it speaks to all at once.
  public let served: Int
  private var probe: any SchemeProbe

  /// Every scheme that is built.
  public static func all() throws -> [SchemeHandshake] {
    try Survey.probes().map { SchemeHandshake(scheme: $0.facts.scheme, served: $0.facts.served, probe: $0) }
  }

  /// Runs one handshake.
  public mutating func run(meter: HandshakeMeter? = nil) throws -> Cost {
    var trace = HandshakeTrace(meter: meter)
    try probe.run(&trace)
    return Cost(
      deviceNanoseconds: trace.nanoseconds[.device]!, serverNanoseconds: trace.nanoseconds[.server]!,
      deviceCount: trace.metered[.device]!, serverCount: trace.metered[.server]!)
  }

  /// What each party computes in one.
  public mutating func operations() throws -> (device: OperationCounts, server: OperationCounts) {
    var trace = HandshakeTrace()
    try probe.count(&trace)
    return (trace.operations[.device]!, trace.operations[.server]!)
  }
}

/// Counts something while a party works: allocations, say.
public struct HandshakeMeter {
  let start: () -> Void
  let stop: () -> Int

  public init(start: @escaping () -> Void, stop: @escaping () -> Int) {
    self.start = start
    self.stop = stop
  }
}
