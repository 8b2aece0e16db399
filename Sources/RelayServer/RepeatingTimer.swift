// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Calls something again and again on a queue, until it is cancelled.
final class RepeatingTimer: @unchecked Sendable {
  // Dispatch sources are safe to use from any thread; Dispatch does not say so to the compiler.
  private let source: any DispatchSourceTimer

  init(every interval: DispatchTimeInterval, on queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeTimerSource(queue: queue)
    source.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(10))
    source.setEventHandler(handler: body)
    source.resume()
  }

  func cancel() { source.cancel() }

  deinit { source.cancel() }
}
