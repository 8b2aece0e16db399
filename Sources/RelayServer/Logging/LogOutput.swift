// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// Writes lines to a descriptor from its own thread, so that nobody waits for their reader. While the reader stalls, lines are
/// dropped and counted, and the count follows once it continues.
public final class LogOutput: Sendable {
  private struct State {
    var waiting: [UInt8] = []
    var isWriting = false
    /// Lines dropped since the last one kept, and in all.
    var dropped = 0
    var droppedInAll = 0
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "countersign.log")
  private let descriptor: Int32
  private let capacity: Int
  private let lost: @Sendable (Int) -> String

  /// - Parameters:
  ///   - descriptor: where the lines go.
  ///   - capacity: bytes that wait; as many again may be on their way.
  ///   - lost: the line, with its end, that says how many were dropped.
  public init(_ descriptor: Int32, capacity: Int = 1 << 20, lost: @escaping @Sendable (Int) -> String) {
    self.descriptor = descriptor
    self.capacity = capacity
    self.lost = lost
  }

  /// Lines dropped so far.
  public var droppedLines: Int { state.withLock { $0.droppedInAll } }

  /// Takes a line, with its end.
  public func write(_ line: String) {
    let mustStart = state.withLock { state in
      // Once a line is dropped, the next would take its place, so the gap stays a single gap until its count is written.
      guard state.dropped == 0, state.waiting.count + line.utf8.count <= capacity else {
        state.dropped += 1
        state.droppedInAll += 1
        return false
      }
      state.waiting += Array(line.utf8)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if mustStart { queue.async { self.drain() } }
  }

  /// Waits until everything is written, but not for longer than `patience`.
  public func flush(patience: DispatchTimeInterval = .seconds(1)) {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    _ = done.wait(timeout: .now() + patience)
  }

  private func drain() {
    while let (bytes, dropped) = take() {
      write(bytes)
      if dropped > 0 { write(Array(lost(dropped).utf8)) }
    }
  }

  private func take() -> (bytes: [UInt8], dropped: Int)? {
    state.withLock { state in
      guard !state.waiting.isEmpty || state.dropped > 0 else {
        state.isWriting = false
        return nil
      }
      defer {
        state.waiting = []
        state.dropped = 0
      }
      return (state.waiting, state.dropped)
    }
  }

  private func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN || errno == EWOULDBLOCK {
        // Somebody else has made the descriptor non-blocking.
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, -1)
      } else if errno != EINTR {
        return
      }
    }
  }
}
