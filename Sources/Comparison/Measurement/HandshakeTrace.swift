// SPDX-License-Identifier: Apache-2.0

/// Watches a handshake: whose turn it is, what time and which operations each party spends, and what goes over the wire.
struct HandshakeTrace {
  private(set) var messages: [SchemeProfile.Message] = []
  private(set) var nanoseconds: [SchemeProfile.Sender: Double] = [.device: 0, .server: 0]
  private(set) var operations: [SchemeProfile.Sender: OperationCounts] = [.device: .init(), .server: .init()]
  private var current: SchemeProfile.Sender?
  private var started = ContinuousClock.now
  private var counted = OperationCounts()
  private let meter: HandshakeMeter?
  private(set) var metered: [SchemeProfile.Sender: Int] = [.device: 0, .server: 0]

  init(meter: HandshakeMeter? = nil) {
    self.meter = meter
    // Nothing of this watching may look like an allocation of the party at work.
    messages.reserveCapacity(8)
  }

  /// From here on it is `sender` who works.
  mutating func turn(_ sender: SchemeProfile.Sender) {
    end()
    current = sender
    counted = OperationCounter.current
    meter?.start()
    started = ContinuousClock.now
  }

  /// The party at work sends `bytes`.
  mutating func sent(_ bytes: Int) {
    guard let current else { return }
    messages.append(SchemeProfile.Message(sender: current, bytes: Double(bytes)))
  }

  /// Adds operations that are counted otherwise.
  mutating func add(_ counts: OperationCounts, for sender: SchemeProfile.Sender) {
    operations[sender]! = operations[sender]! + counts
  }

  /// Nobody works.
  mutating func end() {
    guard let current else { return }
    let duration = ContinuousClock.now - started
    if let meter { metered[current]! += meter.stop() }
    nanoseconds[current]! += Double(duration.components.attoseconds) / 1e9 + Double(duration.components.seconds) * 1e9
    operations[current]! = operations[current]! + (OperationCounter.current - counted)
    self.current = nil
  }
}
