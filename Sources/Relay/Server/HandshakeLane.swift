import NIOCore

/// The queue in which strangers wait for their handshake, one per event loop.
///
/// A handshake costs as much as a hundred messages. So a few are done, then the loop's sessions get their turn, and no more per
/// second than allowed. Used on its event loop only.
final class HandshakeLane {
  private static let batch = 4
  /// Long enough for the loop to look at its sockets.
  private static let pause = TimeAmount.microseconds(50)

  private let eventLoop: any EventLoop
  private let capacity: Int
  private let rate: Double
  private var waiting = CircularBuffer<() -> Void>()
  private var isRunning = false
  private var tokens: Double
  private var lastRefill = NIODeadline.now()

  init(_ eventLoop: any EventLoop, limits: RelayLimits) {
    self.eventLoop = eventLoop
    capacity = limits.handshakeQueueLength
    rate = Double(limits.handshakesPerSecond)
    tokens = rate
  }

  /// Queues a handshake; false when the queue is full.
  func enqueue(_ work: @escaping () -> Void) -> Bool {
    guard waiting.count < capacity else { return false }
    waiting.append(work)
    if !isRunning {
      isRunning = true
      run()
    }
    return true
  }

  private func run() {
    let now = NIODeadline.now()
    tokens = min(rate, tokens + rate * Double((now - lastRefill).nanoseconds) / 1e9)
    lastRefill = now
    var done = 0
    while done < Self.batch, tokens >= 1, let work = waiting.popFirst() {
      tokens -= 1
      done += 1
      work()
    }
    guard !waiting.isEmpty else {
      isRunning = false
      return
    }
    let wait = tokens >= 1 ? Self.pause : .nanoseconds(Int64((1 - tokens) / rate * 1e9) + 1)
    eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: wait) { self.run() }
  }
}
