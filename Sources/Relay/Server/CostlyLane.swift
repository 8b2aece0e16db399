import Dispatch
import NIOCore
import Synchronization

/// The thread on which first frames are answered that take a millisecond or more: PBKDF2, a ratchet that is far ahead, many keys to
/// try. Strangers can send such frames as fast as they like, and only each other's wait for them then.
final class CostlyLane: Sendable {
  private let queue = DispatchQueue(label: "countersign.costly")
  private let capacity: Int
  private let waiting = Atomic<Int>(0)

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// How many are being answered or wait for it.
  var count: Int { waiting.load(ordering: .relaxed) }

  /// Queues work; false when the queue is full.
  func enqueue(_ work: @escaping @Sendable () -> Void) -> Bool {
    guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= capacity else {
      waiting.subtract(1, ordering: .relaxed)
      return false
    }
    queue.async { [self] in
      work()
      waiting.subtract(1, ordering: .relaxed)
    }
    return true
  }
}

/// A session on loan from its event loop to the costly lane, which alone uses it until it has answered one frame.
final class SessionLoan: @unchecked Sendable {
  private let session: RelaySession
  private let frame: ByteBuffer
  private let isCancelled = Atomic<Bool>(false)
  private(set) var action = RelayAction.none

  init(_ session: RelaySession, _ frame: ByteBuffer) {
    self.session = session
    self.frame = frame
  }

  /// On the lane's thread.
  func answer() {
    if !isCancelled.load(ordering: .relaxed) { action = session.receive(frame) }
  }

  /// The connection is gone: nobody waits for the answer.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
