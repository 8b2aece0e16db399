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
struct LoadPlan: Sendable {
  let messages: Int
  let window: Int
  let deposits: Int
  let size: Int
}

/// What the command tells a device to begin.
enum LoadEvent: Sendable {
  case converse
  case deposit
}
