// SPDX-License-Identifier: Apache-2.0

import DequeModule
import Mailbox
import Registry
import Wire

/// One application's queue while instances listen: which messages are at hand, who has which, and until when.
///
/// A lease is a matter of memory: it ends with the server. What is on the disk says which messages wait, and how often each was given
/// back.
///
/// Used on the post office's queue only.
final class ApplicationQueue {
  let address: DeviceAddress
  unowned let desk: ApplicationDesk
  let goOnLater: () -> Void
  var instances: [Instance] = []
  var nextInstance = 0
  var lanes: [DeviceAddress: DeviceLane] = [:]
  /// Devices whose turn it is.
  var ready: Deque<DeviceAddress> = []
  /// Messages at hand or leased, and whose they are.
  var known: [Int64: DeviceAddress] = [:]
  var leases: Deque<Lease> = []
  var messagesAtHand = 0
  var bytesAtHand = 0
  /// Every message up to here is at hand, leased, done, or behind its device's others.
  var loadedThrough: Int64 = 0
  /// Whether the disk has none after that.
  var isComplete = false
  var trust: SenderTrust
  var withheld: [Int64] = []

  struct Lease {
    let sequence: Int64
    let device: DeviceAddress
    let deadline: Int64
  }

  static let pageLength = 256
  static let pageBytes = 1 << 20
  /// Pages that are read before the others of the post office get their turn.
  static let pagesAtOnce = 4

  init(_ address: DeviceAddress, _ desk: ApplicationDesk, goOnLater: @escaping () -> Void) {
    self.address = address
    self.desk = desk
    self.goOnLater = goOnLater
    trust = SenderTrust(desk.registry)
  }

  var limits: QueueLimits { desk.mailbox.limits.queue }
  var clients: [Client] { instances.map(\.client) }
  var isIdle: Bool { instances.isEmpty }

  // MARK: Instances

  func begin(_ client: Client) throws(RelayError) {
    instances.append(Instance(client, limits))
    try take(client)
  }

  /// Takes what an instance has granted: with its session's beginning, if that was before it.
  func take(_ client: Client) throws(RelayError) {
    guard let instance = instance(of: client), case let bytes = client.takeGrant(), bytes > 0 else { return }
    instance.add(credit: bytes)
    wake(instance)
    try goOn()
  }

  /// An instance has gone: what it had goes to the others. Only the oldest message counts as tried, the one that it was most likely
  /// working at: instances that end often make no dead letters of the others.
  func end(_ client: Client) throws(RelayError) {
    guard let instance = instance(of: client) else { return }
    instances.removeAll { $0 === instance }
    let devices = instance.devices
    let sequences = devices.flatMap { lanes[$0]?.leased ?? [] }.sorted()
    wake(instance)
    try giveBack(sequences, strikes: Array(sequences.prefix(1)))
    if instances.isEmpty { forgetEverything() } else { try goOn() }
  }

  private func instance(of client: Client) -> Instance? { instances.first { $0.client === client } }

  /// The devices that waited for its credit have their turns again.
  func wake(_ instance: Instance) {
    let devices = instance.waiting
    instance.waiting = []
    for device in devices { makeReady(device) }
  }

  /// Nobody takes messages: they are read again when somebody does.
  private func forgetEverything() {
    desk.metrics.leased.add(-lanes.values.reduce(0) { $0 + $1.leased.count })
    lanes = [:]
    ready = []
    known = [:]
    leases = []
    (messagesAtHand, bytesAtHand, loadedThrough, isComplete) = (0, 0, 0, false)
  }

  // MARK: Messages

  /// A message has just been stored.
  func add(_ report: QueuedReport) {
    guard isComplete else { return }
    guard hasRoom else {
      isComplete = false
      return
    }
    loadedThrough = report.sequence
    load(report)
    do throws(RelayError) { try goOn() } catch { goOnLater() }
  }

  /// Messages are done.
  func settle(_ done: [(sequence: Int64, device: DeviceAddress)]) throws(RelayError) {
    for (sequence, device) in done { forget(sequence, of: device) }
    try goOn()
  }

  /// A message was given back, and is on the disk as such.
  func giveBack(_ sequence: Int64, attempts: Int, isDead: Bool) throws(RelayError) {
    guard let report = try usingMailbox({ () throws(MailboxError) in try desk.mailbox.queued(sequence) }) else {
      if let device = known[sequence] { forget(sequence, of: device) }
      return try goOn()
    }
    unlease(sequence, of: report.sender)
    guard lanes[report.sender]?.waiting.contains(where: { $0.sequence == sequence }) != true else { return try goOn() }
    put(report)
    try goOn()
  }

  /// Something has changed on the disk: what waits is read again from its beginning, except what is at hand.
  func lookAgain() throws(RelayError) {
    loadedThrough = 0
    isComplete = false
    try goOn()
  }

  /// Leases that have lasted for too long end, and with each those of the same device's later messages.
  func expireLeases(at now: Int64) throws(RelayError) {
    var strikes: [Int64] = []
    var sequences: Set<Int64> = []
    while let lease = leases.first,
      lease.deadline <= now || lanes[lease.device]?.leased.contains(lease.sequence) != true
    {
      leases.removeFirst()
      guard let lane = lanes[lease.device], lane.leased.contains(lease.sequence) else { continue }
      if !sequences.contains(lease.sequence) { strikes.append(lease.sequence) }
      sequences.formUnion(lane.leased.filter { $0 >= lease.sequence })
    }
    guard !sequences.isEmpty else { return }
    try giveBack(sequences.sorted(), strikes: strikes)
    try goOn()
  }

  private func giveBack(_ sequences: [Int64], strikes: [Int64]) throws(RelayError) {
    guard !sequences.isEmpty else { return }
    let now = desk.clock()
    let strikes = Set(strikes)
    var dead = 0
    try usingMailbox { () throws(MailboxError) in
      dead = try desk.mailbox.transaction { mail throws(MailboxError) in
        var dead = 0
        for sequence in sequences {
          let result = try mail.giveBack(
            sequence, of: address, counting: strikes.contains(sequence), isDead: false, at: now)
          if result?.isDead == true { dead += 1 }
        }
        return dead
      }
    }
    desk.metrics.reportsReturned.add(sequences.count)
    desk.metrics.deadLetters.add(dead)
    desk.metrics.queued.add(-dead)
    for sequence in sequences {
      guard let device = known.removeValue(forKey: sequence) else { continue }
      unlease(sequence, of: device)
      if let report = try usingMailbox({ () throws(MailboxError) in try desk.mailbox.queued(sequence) }) { put(report) }
    }
  }
}
