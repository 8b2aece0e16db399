// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What tasks ask of the thread that has the session.
final class CommandQueue<Command: Sendable>: Sendable {
  private struct State {
    var commands: [Command] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let pipe: WakePipe

  init(_ pipe: WakePipe) { self.pipe = pipe }

  /// Hands a command over; false when the thread has ended, or is to end.
  @discardableResult
  func submit(_ command: Command) -> Bool {
    let (isOpen, isFirst) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.commands.append(command)
      return (true, state.commands.count == 1)
    }
    if isFirst { pipe.wake() }
    return isOpen
  }

  /// Everything that was handed over, in order.
  func drain() -> [Command] {
    state.withLock { state in
      let commands = state.commands
      state.commands = []
      return commands
    }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Lets nothing more in.
  func close() {
    state.withLock { $0.isClosed = true }
    pipe.wake()
  }
}
