// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Mailbox
import Wire

/// The messages of one device in an application's queue, as far as they are at hand: they go to one instance at a time, in order.
struct DeviceLane {
  /// The instance that has some of them.
  var owner: Instance?
  /// Those that it has, by sequence.
  var leased: Set<Int64> = []
  /// Those that wait, in order.
  var waiting: Deque<QueuedReport> = []
  /// Whether more wait on the disk, behind `lastLoaded`.
  var hasMore = false
  var lastLoaded: Int64 = 0
  /// Whether its turn is coming.
  var isReady = false

  var isEmpty: Bool { leased.isEmpty && waiting.isEmpty && !hasMore }

  /// Puts a message that was given back in its place.
  mutating func put(_ report: QueuedReport) {
    let place = waiting.firstIndex { $0.sequence > report.sequence } ?? waiting.endIndex
    waiting.insert(report, at: place)
  }
}
