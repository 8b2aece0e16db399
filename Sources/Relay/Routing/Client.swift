// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Records
import Registry
import Schemes
import Synchronization
import Wire

/// Access to a device's connection. Everything may be called from any thread; the calls of one thread happen in order.
package protocol RelayConnection: AnyObject, Sendable {
  /// Sends the first records of a session and lets it receive.
  func welcome(_ client: Client, _ records: [OutgoingRecord])
  /// Sends records; `written` is called when they have left, or cannot any more.
  func send(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?)
  /// Sends a record that the device can do without, unless it does not read.
  func mention(_ record: borrowing ServerRecord)
  /// Passes on a frame from another device, unless too much from that device already waits here: then the sender is told that its
  /// frame was not passed on.
  func pass(_ record: OutgoingRecord, from sender: Client, session: UInt32)
  func close(_ reason: CloseReason)
  /// Whether what was sent so far leaves without piling up.
  var isWritable: Bool { get }
}

extension RelayConnection {
  package func mention(_ record: borrowing ServerRecord) { send(record) }

  package func pass(_ record: OutgoingRecord, from sender: Client, session: UInt32) { send([record], written: nil) }

  func send(_ record: borrowing ServerRecord) { send([OutgoingRecord(record)], written: nil) }
}

/// A device's session, authenticated, as the rest of the server sees it.
package final class Client: Sendable {
  /// The session's number, which other devices answer to.
  package let number: UInt32
  package let address: DeviceAddress
  let generation: Generation
  let publicKey: X25519.PublicKey?
  let scheme: SchemeID
  /// Whether it opened this session with a key that another has replaced.
  let isRetired: Bool
  /// Whether messages and conversations of other devices come over this session.
  let listens: Bool
  package let connection: any RelayConnection
  /// What the device may still cost, over all its sessions.
  package let budget: DeviceBudget

  private struct State {
    var lastEpoch: Epoch
    /// The orders that this session has been given.
    var orders: Set<String> = []
    /// Whether an application's instance was told that it may overwrite its earlier keys.
    var isCaughtUp = false
    /// Sessions of other systems that have addressed this one, so that it may answer, oldest first.
    var correspondents: [Correspondent] = []
  }

  private struct Correspondent: Equatable {
    let address: DeviceAddress
    let session: UInt32
  }

  /// Whether the device knows the records that came later: ``ServerRecord/rotation(_:)`` and
  /// ``ServerRecord/keyRefused(_:retryAfter:)``.
  let knowsRotations: Bool
  /// Whether the device knows the records of applications: see ``ChannelNotice``.
  let knowsApplications: Bool
  /// Whether it is an instance of an application: several may have sessions at once.
  let isApplication: Bool

  private let state: Mutex<State>
  private let ended = Atomic<Bool>(false)
  private let granted = Atomic<Int>(0)
  private let superseded = Atomic<Bool>(false)

  /// - Parameters:
  ///   - budget: opened for this session.
  ///   - lastEpoch: that of the key, where the claimant does not show it.
  init(
    _ claimant: Claimant, _ hello: DeviceRecord.Hello, number: UInt32, connection: any RelayConnection,
    budget: DeviceBudget, isApplication: Bool = false, lastEpoch: Epoch? = nil
  ) {
    self.budget = budget
    self.number = number
    address = claimant.address
    generation = claimant.generation
    publicKey = claimant.publicKey
    scheme = claimant.scheme
    isRetired = claimant.isRetired
    listens = hello.listens
    knowsRotations = hello.knowsRotations
    knowsApplications = hello.knowsApplications
    self.isApplication = isApplication
    self.connection = connection
    state = Mutex(State(lastEpoch: lastEpoch ?? claimant.lastEpoch))
  }

  deinit { budget.sessions.add(-1) }

  /// Whether the device verifies other devices, and so must hear of revocations and policies.
  var verifiesPeers: Bool { !scheme.isSymmetric }

  /// The last epoch in which the device may do more than renew.
  var lastEpoch: Epoch {
    get { state.withLock { $0.lastEpoch } }
    set { state.withLock { $0.lastEpoch = newValue } }
  }

  /// What the registry checks against the device's row when this session asks for a key.
  var claim: SessionClaim {
    SessionClaim(address: address, generation: generation, publicKey: publicKey, isRetired: isRetired)
  }

  /// Whether another session has taken this one's place: its requests are no longer carried out.
  var isSuperseded: Bool { superseded.load(ordering: .acquiring) }

  func supersede() { superseded.store(true, ordering: .releasing) }

  /// Whether the connection has ended, which may happen while the session is still being announced.
  var hasEnded: Bool {
    get { ended.load(ordering: .acquiring) }
    set { ended.store(newValue, ordering: .releasing) }
  }

  /// An instance of an application is ready for so many bytes more. It may say so before its session is announced.
  func grant(_ bytes: Int) { granted.add(bytes, ordering: .relaxed) }

  /// What was granted and not taken yet.
  func takeGrant() -> Int { granted.exchange(0, ordering: .relaxed) }

  /// Marks an order as given in this session; false when it was before.
  func tell(of order: DeviceOrder) -> Bool {
    let name = order.kind.rawValue + (order.scheme.map { " \($0.rawValue)" } ?? "")
    return state.withLock { $0.orders.insert(name).inserted }
  }

  /// Marks an instance as told that it is caught up; false when it was before.
  func tellCaughtUp() -> Bool {
    state.withLock { state in
      defer { state.isCaughtUp = true }
      return !state.isCaughtUp
    }
  }

  /// Remembers that a session of another system has addressed this one.
  func remember(_ address: DeviceAddress, session: UInt32, limit: Int) {
    let new = Correspondent(address: address, session: session)
    state.withLock { state in
      guard !state.correspondents.contains(new) else { return }
      if state.correspondents.count >= limit { state.correspondents.removeFirst() }
      state.correspondents.append(new)
    }
  }

  /// Whether that session has addressed this one.
  func mayAnswer(_ address: DeviceAddress, session: UInt32) -> Bool {
    let asked = Correspondent(address: address, session: session)
    return state.withLock { $0.correspondents.contains(asked) }
  }
}
