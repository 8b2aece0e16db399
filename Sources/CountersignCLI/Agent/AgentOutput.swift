// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Standard output of an agent: lines from many tasks, written by a thread of its own, because a reader that stalls must hold up those who
/// write and nobody else.
final class AgentOutput: @unchecked Sendable {
  /// Bytes that may wait for the reader before whoever writes has to wait too.
  private static let limit = 1 << 20

  private let condition = NSCondition()
  private var lines: [[UInt8]] = []
  private var size = 0
  private var isWriting = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  init() {
    Thread.detachNewThread { [self] in while true { writeSome() } }
  }

  /// Hands a line over; returns when there is room for another.
  func write(_ event: AgentEvent) async {
    let line = event.encoded
    await withCheckedContinuation { continuation in
      if put(line, continuation) { continuation.resume() }
    }
  }

  /// Hands a line over from where nothing may wait. Where too much waits already, it is dropped: it only tells of the connection.
  func post(_ event: AgentEvent) {
    condition.lock()
    let hasRoom = size < Self.limit
    condition.unlock()
    if hasRoom { _ = put(event.encoded, nil) }
  }

  /// Waits until everything is out.
  func flush() {
    condition.lock()
    while !lines.isEmpty || isWriting { condition.wait() }
    condition.unlock()
  }

  /// Whether there is room for another line; otherwise whoever waits is told when there is.
  private func put(_ line: [UInt8], _ continuation: CheckedContinuation<Void, Never>?) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    lines.append(line)
    size += line.count + 1
    condition.broadcast()
    guard size > Self.limit, let continuation else { return true }
    waiters.append(continuation)
    return false
  }

  private func writeSome() {
    condition.lock()
    while lines.isEmpty { condition.wait() }
    let batch = lines
    lines = []
    isWriting = true
    condition.unlock()
    var bytes: [UInt8] = []
    for line in batch {
      bytes += line
      bytes.append(UInt8(ascii: "\n"))
    }
    guard writeAll(bytes, to: STDOUT_FILENO) else {
      Failure(
        .ioError, "nobody reads standard output any more",
        hint: "What was not acknowledged comes again next time."
      ).printAndExit()
    }
    condition.lock()
    size -= bytes.count
    isWriting = false
    let ready = waiters
    waiters = []
    condition.broadcast()
    condition.unlock()
    for waiter in ready { waiter.resume() }
  }
}
