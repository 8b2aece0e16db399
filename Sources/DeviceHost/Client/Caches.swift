// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Records

/// Channels by their ids, at most so many: when it is full, the half that was used least recently is thrown away.
struct ChannelCache {
  private let limit: Int
  private var entries: [ChannelID: (channel: ChannelBox, used: UInt64)] = [:]
  private var clock: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  subscript(id: ChannelID) -> ChannelBox? {
    mutating get {
      guard let entry = entries[id] else { return nil }
      clock += 1
      entries[id]?.used = clock
      return entry.channel
    }
  }

  mutating func insert(_ channel: ChannelBox, as id: ChannelID) {
    if entries.count >= limit {
      let median = entries.values.map(\.used).sorted()[entries.count / 2]
      entries = entries.filter { $0.value.used >= median }
    }
    clock += 1
    entries[id] = (channel, clock)
  }
}

/// The values that came last, at most so many.
struct RecentSet<Value: Hashable> {
  private let limit: Int
  private var values: Set<Value> = []
  private var order: [Value] = []

  init(limit: Int) { self.limit = limit }

  func contains(_ value: Value) -> Bool { values.contains(value) }

  mutating func insert(_ value: Value) {
    guard values.insert(value).inserted else { return }
    order.append(value)
    guard order.count > 2 * limit else { return }
    for old in order.prefix(order.count - limit) { values.remove(old) }
    order.removeFirst(order.count - limit)
  }

  mutating func removeAll() {
    values = []
    order = []
  }
}
