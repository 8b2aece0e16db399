// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// An attack that runs on its own thread, which gives way to the measuring threads.
final class AttackRun: Sendable {
  private let sent = Atomic<Int>(0)
  private let over = Atomic<Bool>(false)
  private let failure = Mutex<String?>(nil)

  /// How much was asked of the server.
  var total: Int { sent.load(ordering: .relaxed) }
  var isOver: Bool { over.load(ordering: .relaxed) }
  /// Why the attack ended before its time, if it did.
  var reason: String? { failure.withLock { $0 } }

  func count(_ amount: Int = 1) { sent.add(amount, ordering: .relaxed) }

  func stop() { over.store(true, ordering: .relaxed) }

  /// Starts the attack; the semaphore returned is signalled when it has ended.
  func start(_ body: @escaping @Sendable (AttackRun) throws -> Void) -> DispatchSemaphore {
    thread { [self] in
      do { try body(self) } catch { if !isOver { failure.withLock { $0 = "\(error)" } } }
    }
  }

  /// Takes everything that comes over a line until the attack is over.
  func reader(_ line: AttackLine) -> DispatchSemaphore {
    thread { [self] in
      while !isOver { do { _ = try line.discard(timeout: .milliseconds(200)) } catch { return } }
    }
  }

  private func thread(_ body: @escaping @Sendable () -> Void) -> DispatchSemaphore {
    let end = DispatchSemaphore(value: 0)
    let thread = Thread {
      ProcessorPriority.giveWay()
      body()
      end.signal()
    }
    thread.start()
    return end
  }
}
