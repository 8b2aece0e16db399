// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Strangers
import Synchronization

/// The connections to the metrics, bounded in number and time: each takes a descriptor that a device could use.
final class MetricsVisitors: Sendable {
  private static let limit = 32
  private static let patience = TimeAmount.seconds(10)

  private let visitors = Mutex(SourceQueue<any Channel>())

  /// Takes a connection, and ends another when there are too many.
  func admit(_ channel: any Channel) {
    let source = SourceAddress(channel.remoteAddress)
    let (entry, evicted) = visitors.withLock { visitors in
      let evicted = visitors.count >= Self.limit ? visitors.evictOldest()?.element : nil
      return (Entry(value: visitors.append(channel, from: source)), evicted)
    }
    evicted?.close(promise: nil)
    let timer = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    channel.closeFuture.whenComplete { [self] _ in
      timer.cancel()
      visitors.withLock { _ = $0.remove(entry.value) }
    }
  }

  /// An entry is used only under the lock.
  private struct Entry: @unchecked Sendable {
    let value: SourceQueue<any Channel>.Entry
  }
}
