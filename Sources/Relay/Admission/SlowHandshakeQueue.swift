// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Strangers
import Synchronization

/// The thread that answers first frames that take a millisecond or more: PBKDF2, a ratchet that is far ahead, many keys to try.
/// Strangers can send such frames as fast as they like; only other such frames wait for them. Sources take turns, and one that
/// fills the queue makes room for the others.
package final class SlowHandshakeQueue: Sendable {
  /// A frame that waits.
  package struct Waiting: Sendable {
    let run: @Sendable () -> Void
    /// Called in its place when it has to make room.
    let turnAway: @Sendable () -> Void

    package init(run: @escaping @Sendable () -> Void, turnAway: @escaping @Sendable () -> Void) {
      self.run = run
      self.turnAway = turnAway
    }
  }

  private struct State {
    let waiting: SourceQueue<Waiting>
    /// Those that wait, and the one that is being answered.
    var count = 0
  }

  private let queue = DispatchQueue(label: "countersign.slow-handshakes")
  private let capacity: Int
  private let state: Mutex<State>

  init(limits: RelayLimits) {
    capacity = limits.costlyHandshakeQueueLength
    state = Mutex(State(waiting: SourceQueue(share: { limits.share(of: $0) })))
  }

  /// How many are being answered or wait for it.
  var count: Int { state.withLock { $0.count } }

  /// Queues work; false when the queue is full and no other source has more in it.
  package func enqueue(_ work: Waiting, from source: SourceAddress) -> Bool {
    let (isQueued, evicted) = state.withLock { state -> (Bool, Waiting?) in
      var evicted: Waiting?
      if state.count >= capacity {
        evicted = state.waiting.evictYoungest(for: source)
        guard evicted != nil else { return (false, nil) }
        state.count -= 1
      }
      state.waiting.append(work, from: source)
      state.count += 1
      return (true, evicted)
    }
    evicted?.turnAway()
    // One turn each: a turn that finds nothing is that of work that made room.
    if isQueued { queue.async { self.runNext() } }
    return isQueued
  }

  private func runNext() {
    guard let next = state.withLock({ $0.waiting.popNext() }) else { return }
    next.run()
    state.withLock { $0.count -= 1 }
  }
}

/// A session on loan from its event loop to the slow handshakes' queue, which alone uses it until it has answered one frame.
package final class SessionLoan: @unchecked Sendable {
  private let session: RelaySession
  private let frame: [UInt8]
  private let isCancelled = Atomic<Bool>(false)
  package private(set) var action = RelayAction.none

  package init(_ session: RelaySession, _ frame: [UInt8]) {
    self.session = session
    self.frame = frame
  }

  /// On the lane's thread.
  package func answer() {
    if !isCancelled.load(ordering: .relaxed) { action = session.receive(frame) }
  }

  /// The connection is gone: nobody waits for the answer.
  package func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
