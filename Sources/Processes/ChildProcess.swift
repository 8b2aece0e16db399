// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A program run as another process (POSIX `posix_spawn`).
///
/// The child has its three standard descriptors and no others, with no signal blocked or ignored, whatever the thread that starts
/// it blocks: Foundation's `Process` passes those on, so a child started from a concurrent task cannot be asked to end. A child
/// that is still running when its last reference goes is killed.
public final class ChildProcess: Sendable {
  /// Where the child's output goes.
  public enum Destination: Sendable {
    case discarded
    case inherited
    /// To `output` or `errors`, which hold 64 KiB before the child has to wait for its reader.
    case pipe
    /// To a file that is made, or made empty.
    case file(String)
  }

  public let identifier: pid_t
  /// What it prints, if that goes to a pipe.
  public let output: PipeReader?
  public let errors: PipeReader?
  /// Nil until the process has ended and been collected.
  private let ended = Mutex<Int32?>(nil)

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: its path, or a name to look for in `PATH`.
  ///   - environment: this process's own when nil.
  ///   - directory: where it starts; here when nil.
  ///   - input: what it can read, at most 64 KiB.
  /// - Throws: `SpawnError` when the program, the directory or a file cannot be used.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil, directory: String? = nil,
    input: [UInt8] = [], output: Destination = .inherited, errors: Destination = .inherited
  ) throws(SpawnError) {
    var plan = SpawnPlan()
    defer { plan.close() }
    try plan.input(input)
    self.output = try plan.send(STDOUT_FILENO, to: output)
    self.errors = try plan.send(STDERR_FILENO, to: errors)
    if let directory { plan.start(in: directory) }
    identifier = try plan.spawn(program, arguments, environment)
  }

  deinit {
    if isRunning {
      send(SIGKILL)
      wait()
    }
  }

  public var isRunning: Bool { collect(WNOHANG) == nil }

  /// Waits until it ends.
  ///
  /// - Returns: its exit status, or the number of the signal that ended it as a negative number.
  @discardableResult
  public func wait() -> Int32 {
    // Not collected while waiting, so that others may look or send a signal meanwhile.
    var information = siginfo_t()
    while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    return collect(0) ?? -1
  }

  /// Sends a signal; nothing when it has ended.
  public func send(_ signal: Int32) {
    ended.withLock { status in
      // Its number is its own until it is collected, which needs the lock.
      if status == nil { _ = kill(identifier, signal) }
    }
  }

  /// Asks it to end (SIGTERM), and waits until it has.
  @discardableResult
  public func stop() -> Int32 {
    send(SIGTERM)
    return wait()
  }

  private func collect(_ options: Int32) -> Int32? {
    ended.withLock { status in
      guard status == nil else { return status }
      var word: Int32 = 0
      guard waitpid(identifier, &word, options) == identifier else { return nil }
      let signal = word & 0x7F
      status = signal == 0 ? (word >> 8) & 0xFF : -signal
      return status
    }
  }
}
