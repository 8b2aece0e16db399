// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Logging
import Mailbox
import Records
import Registry
import Schemes
import Synchronization
import Wire

/// Takes deposits, gives them to devices that listen, and forgets what was delivered.
///
/// All of it happens on one queue, so that the order is clear: a deposit is checked, stored and, if the recipient is caught up,
/// sent on (see ``MailDelivery``). Work that piles up while a commit reaches the disk shares the next commit, limited for each
/// device and system so that none waits for another's flood.
package final class PostOffice: @unchecked Sendable {
  private let mailbox: any MailStore
  private let registry: any DeviceRecords
  private let metrics: RelayMetrics
  private let logger: Logger
  private let queue = DispatchQueue(label: "countersign.mailbox")
  private let lane: Mutex<MailQueue>
  private let full = Mutex(FullMailboxes())
  /// Belongs to the queue.
  private let delivery: MailDelivery
  /// Belongs to the queue.
  let desk: ApplicationDesk
  private let clock: @Sendable () -> Int64

  init(
    mailbox: any MailStore, registry: any DeviceRecords, limits: RelayLimits, metrics: RelayMetrics, logger: Logger,
    clock: @escaping @Sendable () -> Int64, desk: ApplicationDesk
  ) {
    self.desk = desk
    self.mailbox = mailbox
    self.registry = registry
    lane = Mutex(MailQueue(limits.mailbox, limits.device))
    self.metrics = metrics
    self.logger = logger
    self.clock = clock
    delivery = MailDelivery(mailbox, registry, metrics, logger, clock)
    delivery.resume = { [weak self] in self?.submit(.resume($0)) }
    desk.goOnLater = { [weak self] in self?.submit(.goOn($0)) }
  }

  /// What devices and applications ask of the queues. What waits for the disk is bounded as deposits are.
  func submit(_ change: ApplicationChange, from client: Client) {
    guard submit(.application(change, from: client), weight: change.weight, of: client) else {
      return desk.fail(change, client)
    }
  }

  /// Gives a device that knows of applications what waits for it from them.
  func greet(_ client: Client) { submit(.greet(client)) }

  /// An instance of an application is ready for more.
  func take(_ bytes: Int, _ client: Client) {
    client.grant(bytes)
    submit(.take(client))
  }

  /// A second has passed.
  func tick() { submit(.tick) }

  func deposit(_ deposit: Deposit, from client: Client) {
    if isFull(for: deposit) { return refuse(deposit, client, .quotaExceeded) }
    guard submit(.deposit(deposit, from: client), weight: deposit.weight, of: client) else {
      return refuse(deposit, client, .unavailable)
    }
  }

  /// A confirmation for which there is no room is dropped: the message comes again, and the device knows it.
  func delivered(to client: Client, from sender: DeviceAddress, id: MessageID) {
    submit(.delivered(to: client, from: sender, id: id), weight: MailboxLimits.smallestCharge, of: client)
  }

  /// Whether the recipient's mailbox was full for such a message from this sender, and nothing has left it since.
  func isFull(for deposit: Deposit) -> Bool { full.withLock { $0.refuses(deposit, at: clock()) } }

  /// Whether so much of a device's or its system's mail waits for the disk that its connections must rest.
  func isCrowded(by device: DeviceAddress) -> Bool { lane.withLock { $0.isCrowded(by: device) } }

  /// Gives a device what waits for it, and then what arrives.
  func begin(_ client: Client) { submit(.begin(client)) }

  func end(_ client: Client) { submit(.end(client)) }

  /// Whether nothing waits for a device. Called after a change of its key, it also says that nothing under the old key will come:
  /// a deposit that was checked before the change is stored before this call looks.
  func isEmpty(for device: DeviceAddress) -> Bool {
    (try? mailbox.page(for: device, after: 0, limit: 1, bytes: 1, at: clock()).mail.isEmpty) ?? false
  }

  /// Waits until everything submitted so far is done.
  func settle() {
    repeat { queue.sync {} } while lane.withLock { !$0.isEmpty }
  }

  /// Folds the mailbox's log into its file. Nothing can be asked for afterwards.
  package func close() {
    queue.sync { try? mailbox.close() }
  }

  /// Calls `body` when everything submitted so far is done.
  package func whenSettled(_ body: @escaping @Sendable () -> Void) {
    queue.async { [self] in
      if lane.withLock({ $0.isEmpty }) { body() } else { whenSettled(body) }
    }
  }

  func purge() {
    queue.async { [self] in
      do {
        let lost = try mailbox.purge(at: clock())
        metrics.mailExpired.add(lost)
        metrics.mailWaiting.add(-lost)
        try desk.purge()
      } catch {
        logger.error("mailbox", metadata: ["reason": "\(error)"])
      }
    }
  }

  @discardableResult
  private func submit(_ change: MailQueue.Change, weight: Int, of client: Client) -> Bool {
    var isFirst = false
    let isAccepted = lane.withLock { $0.add(change, weight: weight, of: client.address, isFirst: &isFirst) }
    if isFirst { queue.async { self.drain() } }
    return isAccepted
  }

  private func submit(_ call: MailQueue.Call) {
    if lane.withLock({ $0.add(call) }) { queue.async { self.drain() } }
  }

  private func drain() {
    let (changes, calls) = lane.withLock { $0.next() }
    commit(changes)
    for call in calls {
      switch call {
      case .begin(let client):
        // The end that follows it may have arrived first; what is set before that end is visible here.
        guard !client.hasEnded else { break }
        if client.isApplication { desk.begin(client) } else { delivery.begin(client) }
      case .resume(let client): delivery.sendPage(to: client)
      case .end(let client): if client.isApplication { desk.end(client) } else { delivery.end(client) }
      case .greet(let client): if !client.hasEnded { desk.greet(client) }
      case .take(let client): desk.take(client)
      case .goOn(let application): desk.goOn(application)
      case .tick: desk.tick()
      }
    }
    if lane.withLock({ $0.hasMore() }) { queue.async { self.drain() } }
  }

  /// The outcome of a deposit.
  enum DepositOutcome {
    case stored(Int64)
    case known
    case refused(ServerRecord.Refusal)
  }

  /// The outcome of a change.
  enum Outcome {
    case deposit(DepositOutcome)
    case application(ApplicationOutcome)
  }

  /// The outcome of a batch of changes.
  struct Batch {
    var outcomes: [Outcome?] = []
    /// Whose mailboxes have fewer messages than before.
    var emptied: [DeviceAddress] = []
    var filled: [(Deposit, FullMailbox)] = []
    var expired = 0
  }

  /// Carries out deposits and deliveries in one transaction and answers them once it is on the disk.
  private func commit(_ changes: [MailQueue.Change]) {
    guard !changes.isEmpty else { return }
    let batch: Batch
    do throws(MailboxError) {
      batch = try mailbox.transaction { mail throws(MailboxError) in
        var batch = Batch()
        for change in changes { try carryOut(change, &batch, mail) }
        return batch
      }
    } catch {
      logger.error("mailbox", metadata: ["reason": "\(error)"])
      for change in changes {
        switch change {
        case .deposit(let deposit, let client): refuse(deposit, client, .unavailable)
        case .application(let change, let client): desk.fail(change, client)
        case .delivered: break
        }
      }
      return
    }
    metrics.mailboxCommits.add(1)
    note(batch)
    for (change, outcome) in zip(changes, batch.outcomes) {
      switch (change, outcome) {
      case (.deposit(let deposit, let client), .deposit(let outcome)): answer(deposit, client, outcome)
      case (.application(let change, let client), .application(let outcome)): desk.answer(change, client, outcome)
      default: break
      }
    }
  }

  /// What has changed by a transaction that is on the disk.
  private func note(_ batch: Batch) {
    metrics.mailDelivered.add(batch.emptied.count)
    metrics.mailExpired.add(batch.expired)
    metrics.mailWaiting.add(-batch.emptied.count - batch.expired)
    full.withLock { full in
      for (deposit, why) in batch.filled where mailbox.limits.guards.contains(.memory) {
        full.insert(why, for: deposit)
      }
      // After the full ones: a mailbox that was full in this batch may no longer be.
      for recipient in batch.emptied { full.forget(recipient) }
    }
  }

  /// What is done in one transaction beside deposits of sessions.
  final class Transaction {
    let mail: any MailTransaction
    private let office: PostOffice
    fileprivate var batch = Batch()
    fileprivate var stored: [(Deposit, Int64)] = []
    fileprivate var reports: [(Report, ReportOutcome)] = []

    fileprivate init(_ office: PostOffice, _ mail: any MailTransaction) {
      self.office = office
      self.mail = mail
    }

    /// Takes a deposit as one that came in a session.
    func take(_ deposit: Deposit) throws(MailboxError) -> DepositOutcome {
      let outcome = try office.take(deposit, &batch, mail)
      if case .stored(let sequence) = outcome { stored.append((deposit, sequence)) }
      return outcome
    }

    /// Takes a message for an application as one that came in a session.
    func take(_ report: Report) throws(MailboxError) -> ReportOutcome {
      let outcome = try mail.store(report, at: office.clock())
      reports.append((report, outcome))
      return outcome
    }

    /// The application of `recipient` has a message.
    func confirm(for recipient: DeviceAddress, from sender: DeviceAddress, id: MessageID) throws(MailboxError) {
      if try mail.remove(for: recipient, from: sender, id: id, at: office.clock()) { batch.emptied.append(recipient) }
    }
  }

  /// Calls `body` on the office's queue.
  func onQueue(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

  /// Runs `body` in one transaction, on the office's queue; what it stored goes to who listens once it is on the disk.
  ///
  /// - Returns: nil when nothing happened, which is logged.
  func transact<Result>(_ body: (Transaction) throws(MailboxError) -> Result) -> Result? {
    var done: Transaction?
    do throws(MailboxError) {
      let result = try mailbox.transaction { mail throws(MailboxError) in
        let own = Transaction(self, mail)
        done = own
        return try body(own)
      }
      if let done {
        note(done.batch)
        for (deposit, sequence) in done.stored {
          metrics.deposits.add(.accepted)
          metrics.mailWaiting.add(1)
          delivery.passOn(deposit, sequence)
        }
        for (report, outcome) in done.reports { desk.note(report, outcome) }
      }
      return result
    } catch {
      logger.error("mailbox", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  private func carryOut(
    _ change: MailQueue.Change, _ batch: inout Batch, _ mail: any MailTransaction
  ) throws(MailboxError) {
    let now = clock()
    switch change {
    case .deposit(let deposit, _): batch.outcomes.append(.deposit(try take(deposit, &batch, mail)))
    case .delivered(let client, let sender, let id):
      batch.outcomes.append(nil)
      if try mail.remove(for: client.address, from: sender, id: id, at: now) {
        batch.emptied.append(client.address)
      }
    case .application(let change, let client):
      batch.outcomes.append(.application(try desk.carryOut(change, client, mail, at: now)))
    }
  }

  private func take(
    _ deposit: Deposit, _ batch: inout Batch, _ mail: any MailTransaction
  ) throws(MailboxError) -> DepositOutcome {
    let now = clock()
    if try mail.isKnown(deposit) { return .known }
    if let refusal = judge(deposit) { return .refused(refusal) }
    let room = try mail.room(for: deposit, at: now, sweeping: &batch.expired)
    if room == .enough { return .stored(try mail.store(deposit, at: now)) }
    batch.filled.append((deposit, try mail.refusal(of: deposit, because: room, at: now)))
    return .refused(.quotaExceeded)
  }

  private func refuse(_ deposit: Deposit, _ client: Client, _ refusal: ServerRecord.Refusal) {
    metrics.deposits.add(DepositResult(refusal))
    client.connection.send(.refused(deposit.id, refusal))
  }

  /// Whether the recipient exists and still uses the key that the message is sealed to. It is checked here, after every earlier
  /// change of key: a message under the old key is either in the mailbox before the new key's session reads it, or refused.
  private func judge(_ deposit: Deposit) -> ServerRecord.Refusal? {
    do {
      let device = try registry.device(deposit.recipient)
      guard let device, device.floor >= .certified else {
        guard let device = try registry.symmetricDevice(deposit.recipient), !device.isRevoked, !device.isRetired else {
          return .unknownRecipient
        }
        // It could not open a sealed message.
        return deposit.isOpen ? nil : .staleCertificate
      }
      // What is meant for an application goes into its queue.
      guard !device.isRevoked, !device.isApplication else { return .unknownRecipient }
      if deposit.isOpen { return nil }
      return device.generation == deposit.generation ? nil : .staleCertificate
    } catch { return .unavailable }
  }

  private func answer(_ deposit: Deposit, _ client: Client, _ outcome: DepositOutcome) {
    switch outcome {
    case .known:
      metrics.deposits.add(.repeated)
      client.connection.send(.accepted(deposit.id))
    case .refused(let refusal): refuse(deposit, client, refusal)
    case .stored(let sequence):
      metrics.deposits.add(.accepted)
      metrics.mailWaiting.add(1)
      client.connection.send(.accepted(deposit.id))
      delivery.passOn(deposit, sequence)
    }
  }
}
