// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Strangers
import Relay

/// The queue in which strangers wait for their handshake, one per event loop.
///
/// A handshake costs as much as a hundred messages. So after each, the loop's sessions get as much time as it took, and the
/// number per second is limited. Sources take turns, and one that fills the queue makes room for the others. Used on its event
/// loop only.
final class HandshakeQueue {
  /// A handshake that waits.
  struct Waiting {
    /// Runs it; false when nobody waits for it any more.
    let run: () -> Bool
    /// Called in its place when it has to make room.
    let turnAway: () -> Void
  }

  typealias Place = SourceQueue<Waiting>.Entry

  /// Long enough for the loop to look at its sockets.
  private static let pause = TimeAmount.microseconds(50)

  private let eventLoop: any EventLoop
  private let capacity: Int
  private let rate: Double
  private let waiting: SourceQueue<Waiting>
  private var isRunning = false
  private var tokens: Double
  private var lastRefill = NIODeadline.now()

  init(_ eventLoop: any EventLoop, limits: RelayLimits) {
    self.eventLoop = eventLoop
    capacity = limits.handshakeQueueLength
    rate = Double(limits.handshakesPerSecond)
    tokens = rate
    waiting = SourceQueue(share: { limits.share(of: $0) })
  }

  /// Queues a handshake; nil when the queue is full and no other source has more in it.
  func enqueue(_ handshake: Waiting, from source: SourceAddress) -> Place? {
    if waiting.count >= capacity {
      guard let other = waiting.evictYoungest(for: source) else { return nil }
      other.turnAway()
    }
    let place = waiting.append(handshake, from: source)
    if !isRunning {
      isRunning = true
      run()
    }
    return place
  }

  /// Handshakes that wait.
  var count: Int { waiting.count }

  /// Nobody waits for it any more.
  func leave(_ place: Place) { waiting.remove(place) }

  private func run() {
    let now = NIODeadline.now()
    tokens = min(rate, tokens + rate * Double((now - lastRefill).nanoseconds) / 1e9)
    lastRefill = now
    var hasAnswered = false
    while !hasAnswered, tokens >= 1, let next = waiting.popNext() { hasAnswered = next.run() }
    if hasAnswered { tokens -= 1 }
    // The pause is for whoever comes next too.
    guard hasAnswered || waiting.count > 0 else {
      isRunning = false
      return
    }
    // As long as the handshake took, so that strangers get half of the loop's time, however many they are.
    let pause = max(Self.pause, .now() - now)
    let wait = tokens >= 1 ? pause : .nanoseconds(Int64((1 - tokens) / rate * 1e9) + 1)
    eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: wait) { self.run() }
  }
}
