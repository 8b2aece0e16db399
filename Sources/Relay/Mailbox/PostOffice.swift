import Credentials
import Device
import Foundation
import GRDB
import Logging
import Registry
import Synchronization

/// Takes deposits, gives them to devices that listen, and forgets what was delivered.
///
/// All of it happens on one queue, so that the order is plain: a deposit is judged, stored and, if the recipient is caught up,
/// sent on; a listener first gets page by page what waits, and is caught up when nothing is left. Work that piles up while a
/// commit reaches the disk shares the next commit, so much of each device and system that none waits for another's flood.
final class PostOffice: @unchecked Sendable {
  /// A device that listens, and how far it has got.
  private struct Listener {
    let client: Client
    var sequence: Int64 = 0
    /// Nothing waits beyond `sequence`: a deposit goes straight on.
    var isCaughtUp = false
    /// The device has been told once that it is.
    var wasTold = false
  }

  private static let pageLength = 64
  private static let pageBytes = 256 << 10

  private let mailbox: Mailbox
  private let registry: any DeviceRecords
  private let metrics: RelayMetrics
  private let logger: Logger
  private let queue = DispatchQueue(label: "countersign.mailbox")
  private let lane: Mutex<MailQueue>
  private let full = Mutex(FullMailboxes())
  // Both belong to the queue.
  private var listeners: [DeviceAddress: Listener] = [:]
  private let clock: @Sendable () -> Int64

  init(
    mailbox: Mailbox, registry: any DeviceRecords, limits: RelayLimits, metrics: RelayMetrics, logger: Logger,
    clock: @escaping @Sendable () -> Int64
  ) {
    self.mailbox = mailbox
    self.registry = registry
    lane = Mutex(MailQueue(limits.mailbox, limits.device))
    self.metrics = metrics
    self.logger = logger
    self.clock = clock
  }

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

  /// Whether so much of a device's or its system's mail waits for the disk that its connections shall rest.
  func isCrowded(by device: DeviceAddress) -> Bool { lane.withLock { $0.isCrowded(by: device) } }

  /// Gives a device what waits for it, and from then on what comes.
  func begin(_ client: Client) { submit(.begin(client)) }

  func end(_ client: Client) { submit(.end(client)) }

  /// Whether nothing waits for a device. Asked behind a change of its key, it says that nothing under the old one will come either:
  /// a deposit that was judged before that is stored before this looks.
  func isEmpty(for device: DeviceAddress) -> Bool {
    (try? mailbox.page(for: device, after: 0, limit: 1, bytes: 1, at: clock()).mail.isEmpty) ?? false
  }

  /// Waits until everything submitted so far is done.
  func settle() {
    repeat { queue.sync {} } while lane.withLock { !$0.isEmpty }
  }

  /// Folds the mailbox's log into its file. Nothing can be asked for afterwards.
  func close() {
    queue.sync { try? mailbox.close() }
  }

  /// Calls `body` when everything submitted so far is done.
  func whenSettled(_ body: @escaping @Sendable () -> Void) {
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
        // The end that follows it may have come first; what is set before that end is seen here.
        guard !client.hasEnded else { continue }
        listeners[client.address] = Listener(client: client)
        sendPage(to: client)
      case .resume(let client): sendPage(to: client)
      case .end(let client):
        if listeners[client.address]?.client === client { listeners[client.address] = nil }
      }
    }
    if lane.withLock({ $0.hasMore() }) { queue.async { self.drain() } }
  }

  /// What a deposit came to.
  private enum Outcome {
    case stored(Int64)
    case known
    case refused(ServerRecord.Refusal)
  }

  /// What a batch of changes came to.
  private struct Batch {
    var outcomes: [Outcome?] = []
    /// Whose mailboxes have fewer messages than before.
    var emptied: [DeviceAddress] = []
    var filled: [(Deposit, FullMailboxes.Full)] = []
    var expired = 0
  }

  /// Carries out deposits and deliveries in one transaction and answers them once it is on the disk.
  private func commit(_ changes: [MailQueue.Change]) {
    guard !changes.isEmpty else { return }
    let batch: Batch
    do throws(RelayError) {
      batch = try mailbox.transaction { db in
        var batch = Batch()
        for change in changes { try carryOut(change, &batch, db) }
        return batch
      }
    } catch {
      logger.error("mailbox", metadata: ["reason": "\(error)"])
      for case .deposit(let deposit, let client) in changes { refuse(deposit, client, .unavailable) }
      return
    }
    metrics.mailboxCommits.add(1)
    metrics.mailDelivered.add(batch.emptied.count)
    metrics.mailExpired.add(batch.expired)
    metrics.mailWaiting.add(-batch.emptied.count - batch.expired)
    full.withLock { full in
      for (deposit, why) in batch.filled where mailbox.limits.guards.contains(.memory) {
        full.insert(why, for: deposit)
      }
      // After what was filled: a mailbox that was full in this batch may not be any more.
      for recipient in batch.emptied { full.forget(recipient) }
    }
    for (change, outcome) in zip(changes, batch.outcomes) {
      guard case .deposit(let deposit, let client) = change, let outcome else { continue }
      answer(deposit, client, outcome)
    }
  }

  private func carryOut(_ change: MailQueue.Change, _ batch: inout Batch, _ db: Database) throws {
    let now = clock()
    switch change {
    case .deposit(let deposit, _):
      if try mailbox.isKnown(deposit, db) {
        batch.outcomes.append(.known)
      } else if let refusal = judge(deposit) {
        batch.outcomes.append(.refused(refusal))
      } else {
        let room = try mailbox.room(for: deposit, at: now, sweeping: &batch.expired, db)
        if room == .enough {
          batch.outcomes.append(.stored(try mailbox.store(deposit, at: now, db)))
        } else {
          batch.outcomes.append(.refused(.quotaExceeded))
          batch.filled.append((deposit, try mailbox.full(for: deposit, because: room, at: now, db)))
        }
      }
    case .delivered(let client, let sender, let id):
      batch.outcomes.append(nil)
      if try mailbox.remove(for: client.address, from: sender, id: id, at: now, db) {
        batch.emptied.append(client.address)
      }
    }
  }

  private func refuse(_ deposit: Deposit, _ client: Client, _ refusal: ServerRecord.Refusal) {
    metrics.deposits.add(DepositResult(refusal))
    client.connection.send(.refused(deposit.id, refusal))
  }

  /// Whether the recipient exists and still uses the key that the message is sealed to. Asked here, behind every earlier
  /// change of key: a message under the old key is either in the mailbox before the new key's session reads it, or refused.
  private func judge(_ deposit: Deposit) -> ServerRecord.Refusal? {
    do {
      let device = try registry.device(deposit.recipient)
      guard let device, device.floor >= .certified else {
        guard let device = try registry.symmetricDevice(deposit.recipient), !device.isRevoked, !device.isRetired else {
          return .unknownRecipient
        }
        // It could not open what is sealed.
        return deposit.isOpen ? nil : .staleCertificate
      }
      guard !device.isRevoked else { return .unknownRecipient }
      if deposit.isOpen { return nil }
      return device.generation == deposit.generation ? nil : .staleCertificate
    } catch { return .unavailable }
  }

  private func answer(_ deposit: Deposit, _ client: Client, _ outcome: Outcome) {
    switch outcome {
    case .known:
      metrics.deposits.add(.repeated)
      client.connection.send(.accepted(deposit.id))
    case .refused(let refusal): refuse(deposit, client, refusal)
    case .stored(let sequence):
      metrics.deposits.add(.accepted)
      metrics.mailWaiting.add(1)
      client.connection.send(.accepted(deposit.id))
      passOn(deposit, sequence)
    }
  }

  /// Sends a message that was just stored to its recipient, if that one listens and has everything before it.
  private func passOn(_ deposit: Deposit, _ sequence: Int64) {
    guard let listener = listeners[deposit.recipient], listener.isCaughtUp else { return }
    let connection = listener.client.connection
    guard connection.isWritable else {
      // It reads more slowly than others write: it gets the rest in pages, each when the one before has left.
      listeners[deposit.recipient]?.isCaughtUp = false
      resumeWhenWritten(listener.client)
      return
    }
    listeners[deposit.recipient]?.sequence = sequence
    connection.send([Self.record(from: deposit.sender, deposit.id, deposit.body, isOpen: deposit.isOpen)], written: nil)
  }

  private func resumeWhenWritten(_ client: Client, after records: [OutgoingRecord] = []) {
    client.connection.send(records, written: { [weak self] in self?.submit(.resume(client)) })
  }

  private func sendPage(to client: Client) {
    guard let listener = listeners[client.address], listener.client === client, !listener.isCaughtUp else { return }
    var mail: [Mailbox.Mail]
    let isLast: Bool
    do throws(RelayError) {
      (mail, isLast) = try mailbox.page(
        for: client.address, after: listener.sequence, limit: Self.pageLength, bytes: Self.pageBytes, at: clock())
      if let last = mail.last { listeners[client.address]?.sequence = last.sequence }
      if mailbox.limits.guards.contains(.withholding) { try withhold(&mail, from: client) }
    } catch {
      logger.error("mailbox", metadata: ["reason": "\(error)"])
      client.connection.close(.unavailable)
      return
    }
    var records = mail.map { Self.record(from: $0.sender, $0.id, $0.body, isOpen: $0.isOpen) }
    if isLast {
      listeners[client.address]?.isCaughtUp = true
      if !listener.wasTold { records.append(OutgoingRecord(.caughtUp)) }
      listeners[client.address]?.wasTold = true
      client.connection.send(records, written: nil)
    } else {
      resumeWhenWritten(client, after: records)
    }
  }

  /// Takes out, and drops, what devices have sent that are revoked now.
  private func withhold(_ mail: inout [Mailbox.Mail], from client: Client) throws(RelayError) {
    var trust = SenderTrust(registry)
    var kept: [Mailbox.Mail] = []
    var withheld: [Mailbox.Mail] = []
    do throws(RegistryError) {
      for message in mail {
        if try trust.isRevoked(message.sender, message.id) {
          withheld.append(message)
        } else {
          kept.append(message)
        }
      }
    } catch { throw .registry(error) }
    mail = kept
    guard !withheld.isEmpty else { return }
    let now = clock()
    try mailbox.transaction { db in
      for message in withheld {
        _ = try mailbox.remove(for: client.address, from: message.sender, id: message.id, at: now, db)
      }
    }
    metrics.mailWithheld.add(withheld.count)
    metrics.mailWaiting.add(-withheld.count)
    logger.notice(
      "mail_withheld",
      metadata: [
        "system": "\(client.address.system.rawValue)", "device": "\(client.address.device.hexadecimal)",
        "messages": "\(withheld.count)", "reason": "sender revoked",
      ])
  }

  private static func record(
    from sender: DeviceAddress, _ id: MessageID, _ body: Data, isOpen: Bool
  ) -> OutgoingRecord {
    isOpen
      ? OutgoingRecord(.open(from: sender, id: id, body.bytes))
      : OutgoingRecord(.mail(from: sender, id: id, body.bytes))
  }
}
