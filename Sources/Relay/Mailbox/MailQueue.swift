// SPDX-License-Identifier: Apache-2.0

import Credentials
import Mailbox
import Synchronization
import Wire

/// What waits for the post office: changes of the mailbox, in turn by system and by device, and listeners' comings and goings in
/// their order.
struct MailQueue: Sendable {
  enum Change: Sendable {
    case deposit(Deposit, from: Client)
    case delivered(to: Client, from: DeviceAddress, id: MessageID)
    case application(ApplicationChange, from: Client)
  }

  enum Call: Sendable {
    case begin(Client)
    case resume(Client)
    case end(Client)
    /// A device has a session and knows of applications.
    case greet(Client)
    /// An instance of an application is ready for so many bytes more.
    case take(Client)
    /// An application's queue has more to do.
    case goOn(DeviceAddress)
    /// A second has passed.
    case tick
  }

  private let limits: MailboxLimits
  private let perDevice: Int
  private let bytesPerDevice: Int
  private var changes = DeviceQueue<Change>()
  private var calls: [Call] = []
  /// Whether somebody is about to take what waits.
  private var isTaken = false

  init(_ limits: MailboxLimits, _ device: DeviceLimits) {
    self.limits = limits
    perDevice = device.depositsUnderWay
    bytesPerDevice = device.depositBytesUnderWay
  }

  var isEmpty: Bool { changes.isEmpty && calls.isEmpty }

  /// Whether so much from a device or its system waits that its connections must rest.
  func isCrowded(by device: DeviceAddress) -> Bool {
    changes.count(of: device) >= perDevice || changes.weight(of: device) >= bytesPerDevice
      || changes.count(of: device.system) > limits.queueLength - changes.count
  }

  /// Adds a change; false when there is no room. `isFirst` is set when nobody is about to take it.
  mutating func add(_ change: Change, weight: Int, of device: DeviceAddress, isFirst: inout Bool) -> Bool {
    guard changes.count < limits.queueLength else { return false }
    changes.append(change, weight: weight, of: device)
    isFirst = take()
    return true
  }

  /// Adds a call; true when nobody is about to take it.
  mutating func add(_ call: Call) -> Bool {
    calls.append(call)
    return take()
  }

  /// The changes that are to reach the disk together, and the calls after them.
  mutating func next() -> (changes: [Change], calls: [Call]) {
    var batch: [Change] = []
    var weight = 0
    while batch.count < limits.commitLength, weight < limits.commitBytes, let next = changes.popFirst() {
      batch.append(next.element)
      weight += next.weight
    }
    let first = calls.prefix(Self.callsAtOnce)
    calls.removeFirst(first.count)
    return (batch, Array(first))
  }

  /// Nothing waits, or there is more to take: whoever takes it says so here.
  mutating func hasMore() -> Bool {
    isTaken = !isEmpty
    return isTaken
  }

  /// A listener's call may read a page of mail.
  private static let callsAtOnce = 16

  private mutating func take() -> Bool {
    defer { isTaken = true }
    return !isTaken
  }
}
