// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// Silent connections, each of which reconnects as soon as the server ends it.
final class LoadStrangers: Sendable {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let made = LoadCounters.Counter()
  private let isOver = Atomic<Bool>(false)
  private let start = ContinuousClock.now

  /// - Parameter count: returns once this many have been made.
  init(_ count: Int, to port: Int) async throws {
    for _ in 0..<count { connect(to: port) }
    while made.value < count { try await Task.sleep(for: .milliseconds(1)) }
  }

  private func connect(to port: Int) {
    guard !isOver.load(ordering: .relaxed) else { return }
    ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).whenComplete { result in
      self.made.increment()
      if case .success(let channel) = result { channel.closeFuture.whenComplete { _ in self.connect(to: port) } }
    }
  }

  /// Ends them; returns how many were made each second.
  func end() async throws -> Double {
    isOver.store(true, ordering: .relaxed)
    let rate = Double(made.value) / start.duration(to: .now).seconds
    try await group.shutdownGracefully()
    return rate
  }
}
