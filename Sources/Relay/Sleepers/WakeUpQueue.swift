// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Schemes
import Strangers
import Synchronization

/// Wake-ups that wait for the disk. Sources take turns, and one that fills the queue makes room for the others.
final class WakeUpQueue: Sendable {
  struct Waiting: Sendable {
    let frame: [UInt8]
    /// Called with the answer, or with nil when there is none.
    let done: @Sendable ([UInt8]?) -> Void
  }

  private struct State {
    let waiting: SourceQueue<Waiting>
    /// Whether somebody is about to take what waits.
    var isTaken = false
  }

  private let capacity: Int
  private let state: Mutex<State>

  init(limits: RelayLimits) {
    capacity = limits.wakeUpQueueLength
    state = Mutex(State(waiting: SourceQueue(share: { limits.share(of: $0) })))
  }

  /// Adds a wake-up; true when nobody is about to take it.
  func add(_ wakeUp: Waiting, from source: SourceAddress) -> Bool {
    let (isFirst, dropped) = state.withLock { state -> (Bool, Waiting?) in
      var dropped: Waiting?
      if state.waiting.count >= capacity {
        dropped = state.waiting.evictYoungest(for: source)
        guard dropped != nil else { return (false, wakeUp) }
      }
      state.waiting.append(wakeUp, from: source)
      defer { state.isTaken = true }
      return (!state.isTaken, dropped)
    }
    dropped?.done(nil)
    return isFirst
  }

  /// Those that are to reach the disk together.
  func next(_ limit: Int) -> [Waiting] {
    state.withLock { state in
      var batch: [Waiting] = []
      while batch.count < limit, let next = state.waiting.popNext() { batch.append(next) }
      return batch
    }
  }

  /// Whether there is more to take: whoever takes it says so here.
  func hasMore() -> Bool {
    state.withLock { state in
      state.isTaken = state.waiting.count > 0
      return state.isTaken
    }
  }
}

/// Where the chain of a session to be suspended starts. It overwrites itself.
package final class SuspensionStart: @unchecked Sendable {
  let name: Bytes<8>
  // Filled once, before it is shared.
  private var chain = Chain()

  init(export: borrowing SecretBytes<32>) {
    name = Chain.name(export: export)
    chain.start(export: export)
  }

  deinit { chain.wipe() }

  func withChain<Result>(_ body: (borrowing Chain) -> Result) -> Result { body(chain) }
}
