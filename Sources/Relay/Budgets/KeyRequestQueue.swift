// SPDX-License-Identifier: Apache-2.0

import Credentials
import Dispatch
import Synchronization
import Wire

/// Where requests for certificates, credentials and keys wait for the registry. Each costs a commit, and sessions begin on the
/// same queue, so requests go through one at a time, in turn by system and by device.
final class KeyRequestQueue: Sendable {
  private struct State {
    var waiting = DeviceQueue<@Sendable () -> Void>()
    var isRunning = false
  }

  private let queue: DispatchQueue
  private let state = Mutex(State())

  /// - Parameter queue: the queue that `body` of ``enqueue(_:limit:_:)`` puts its own work on.
  init(_ queue: DispatchQueue) {
    self.queue = queue
  }

  /// Queues a request; false when the device has `limit` waiting.
  func enqueue(_ address: DeviceAddress, limit: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
    let (isQueued, isFirst) = state.withLock { state in
      guard state.waiting.count(of: address) < limit else { return (false, false) }
      state.waiting.append(body, weight: 4_096, of: address)
      defer { state.isRunning = true }
      return (true, !state.isRunning)
    }
    if isFirst { queue.async { self.next() } }
    return isQueued
  }

  private func next() {
    let body = state.withLock { state in
      let first = state.waiting.popFirst()
      if first == nil { state.isRunning = false }
      return first?.element
    }
    guard let body else { return }
    body()
    // After what it has put on the queue, and after sessions that have arrived meanwhile.
    queue.async { self.next() }
  }
}
