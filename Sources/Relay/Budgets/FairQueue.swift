// SPDX-License-Identifier: Apache-2.0

import Credentials
import DequeModule
import Wire

/// Whose turn it is: surplus round robin. A key that has used more than its turn waits until it has made up for it.
private struct RoundRobin<Key: Hashable & Sendable>: Sendable {
  /// What a turn is worth. It is small, so that nobody waits long; a larger element is served in one piece.
  private static var quantum: Int { 4_096 }

  private var order = Deque<Key>()
  private var credits: [Key: Int] = [:]

  /// Gives a key its place among the others, behind them all.
  mutating func join(_ key: Key) {
    order.append(key)
    credits[key] = Self.quantum
  }

  mutating func next() -> Key? {
    while let key = order.first, let credit = credits[key] {
      if credit > 0 { return key }
      credits[key] = credit + Self.quantum
      order.append(order.removeFirst())
    }
    return nil
  }

  mutating func charge(_ key: Key, _ weight: Int) { credits[key, default: 0] -= weight }

  /// The key that ``next()`` returned has nothing left.
  mutating func leave(_ key: Key) {
    order.removeFirst()
    credits[key] = nil
  }
}

/// Elements in lanes, one for each key, in their order within a lane; the lanes are served in turn by weight.
struct FairQueue<Key: Hashable & Sendable, Element: Sendable>: Sendable {
  private struct Lane: Sendable {
    var elements = Deque<(element: Element, weight: Int)>()
    var weight = 0
  }

  private var lanes: [Key: Lane] = [:]
  private var turns = RoundRobin<Key>()
  private(set) var count = 0
  private(set) var weight = 0

  var isEmpty: Bool { count == 0 }

  func count(of key: Key) -> Int { lanes[key]?.elements.count ?? 0 }

  func weight(of key: Key) -> Int { lanes[key]?.weight ?? 0 }

  mutating func append(_ element: Element, weight: Int, to key: Key) {
    if lanes[key] == nil { turns.join(key) }
    lanes[key, default: Lane()].elements.append((element, weight))
    lanes[key]?.weight += weight
    count += 1
    self.weight += weight
  }

  mutating func popFirst() -> (element: Element, weight: Int)? {
    guard let key = turns.next(), let first = lanes[key]?.elements.popFirst() else { return nil }
    lanes[key]?.weight -= first.weight
    count -= 1
    weight -= first.weight
    turns.charge(key, first.weight)
    if lanes[key]?.elements.isEmpty == true {
      lanes[key] = nil
      turns.leave(key)
    }
    return first
  }
}

/// Elements of devices, served in turn by system, and within a system by device: however many devices one system has, the
/// others get their turns.
struct DeviceQueue<Element: Sendable>: Sendable {
  private var systems: [SystemID: FairQueue<DeviceAddress, Element>] = [:]
  private var turns = RoundRobin<SystemID>()
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  func count(of system: SystemID) -> Int { systems[system]?.count ?? 0 }

  func count(of device: DeviceAddress) -> Int { systems[device.system]?.count(of: device) ?? 0 }

  func weight(of device: DeviceAddress) -> Int { systems[device.system]?.weight(of: device) ?? 0 }

  mutating func append(_ element: Element, weight: Int, of device: DeviceAddress) {
    if systems[device.system] == nil { turns.join(device.system) }
    systems[device.system, default: FairQueue()].append(element, weight: weight, to: device)
    count += 1
  }

  mutating func popFirst() -> (element: Element, weight: Int)? {
    guard let system = turns.next(), let first = systems[system]?.popFirst() else { return nil }
    count -= 1
    turns.charge(system, first.weight)
    if systems[system]?.isEmpty == true {
      systems[system] = nil
      turns.leave(system)
    }
    return first
  }
}
