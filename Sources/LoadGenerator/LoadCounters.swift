// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What has happened so far on all connections.
final class LoadCounters: Sendable, CustomStringConvertible {
  final class Counter: Sendable {
    private let storage = Atomic<Int>(0)
    var value: Int { storage.load(ordering: .relaxed) }
    func add(_ count: Int) { storage.add(count, ordering: .relaxed) }
    func increment() { add(1) }
  }

  /// Sessions whose mailbox is empty.
  let ready = Counter()
  /// Messages of conversations that the other device has confirmed.
  let confirmed = Counter()
  /// Sealed messages that the server has accepted, and that recipients have opened.
  let accepted = Counter()
  let delivered = Counter()
  /// Bytes that devices have sent and received, frame lengths included.
  let bytesUp = Counter()
  let bytesDown = Counter()
  let duplicates = Counter()
  let failures = Counter()

  var description: String {
    "\(ready.value) ready, \(confirmed.value) confirmed, \(accepted.value) accepted, \(delivered.value) delivered, "
      + "\(failures.value) failures"
  }

  /// Waits until `isDone`; false when nothing has moved for twenty seconds.
  func wait(for isDone: () -> Bool) async -> Bool {
    var last = -1
    var lastChange = ContinuousClock.now
    while !isDone() {
      let sum = ready.value + confirmed.value + accepted.value + delivered.value
      if sum != last {
        last = sum
        lastChange = .now
      }
      guard lastChange.duration(to: .now) < .seconds(20) else { return false }
      try? await Task.sleep(for: .milliseconds(1))
    }
    return true
  }
}

/// How much each device does.
package struct LoadPlan: Sendable {
  /// Messages that each pair exchanges in a conversation.
  let messages: Int
  /// Messages of a conversation that may be unconfirmed at once.
  let window: Int
  /// Messages that each device leaves in the mailbox of another.
  let deposits: Int
  /// Bytes of each message.
  let size: Int

  package init(messages: Int, window: Int, deposits: Int, size: Int) {
    self.messages = messages
    self.window = window
    self.deposits = deposits
    self.size = size
  }
}

/// What a device is told to begin.
enum LoadEvent: Sendable {
  case converse
  case deposit
}
