// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Foundation
import Logging
import Mailbox
import Records
import Registry
import Synchronization
import Wire

/// The post office's desk for applications: keeps what devices report, leases it to instances, and takes requests.
///
/// Used on the post office's queue only, but for ``isFull(for:)``.
final class ApplicationDesk {
  let mailbox: any MailStore
  let registry: any DeviceRecords
  let fleet: FleetView
  let router: Router
  let metrics: RelayMetrics
  let logger: Logger
  /// The mailbox's clock.
  let clock: @Sendable () -> Int64
  /// Seconds since 1970.
  private let wall: @Sendable () -> Int64
  let requests: RequestDesk
  var queues: [DeviceAddress: ApplicationQueue] = [:]
  private let full = Mutex<[FullQueue: Int64]>([:])
  var otherChanges: Int64 = 0

  /// Asks that ``goOn(_:)`` is called for an application, on the queue, after others' work.
  var goOnLater: @Sendable (DeviceAddress) -> Void = { _ in }

  /// A sender for whom a queue had no room.
  private struct FullQueue: Hashable {
    let application: DeviceAddress
    let sender: DeviceAddress
  }

  init(
    mailbox: any MailStore, registry: any DeviceRecords, fleet: FleetView, router: Router, metrics: RelayMetrics,
    logger: Logger, clock: @escaping @Sendable () -> Int64, wall: @escaping @Sendable () -> Int64
  ) throws(MailboxError) {
    self.mailbox = mailbox
    self.registry = registry
    self.fleet = fleet
    self.router = router
    self.metrics = metrics
    self.logger = logger
    self.clock = clock
    self.wall = wall
    requests = try RequestDesk(mailbox, registry, router, metrics)
    let counts = try mailbox.queueCounts()
    metrics.queued.set(counts.waiting)
    metrics.deadLetters.set(counts.dead)
    otherChanges = try mailbox.otherChanges()
  }

  // MARK: In the transaction

  func carryOut(
    _ change: ApplicationChange, _ client: Client, _ mail: any MailTransaction, at now: Int64
  ) throws(MailboxError) -> ApplicationOutcome {
    switch change {
    case .open(let channel):
      if let refusal = judge(channel) { return .channel(refusal) }
      return .channel(try mail.keep(channel, at: now) ? nil : .tooMany)
    case .report(let report):
      let outcome = try mail.store(report, at: now)
      if case .stored = outcome { try requests.answered(by: report, mail) }
      return .report(outcome)
    case .done(let sequences):
      var finished: [ApplicationOutcome.Finished] = []
      let kept = fleet.application(client.address)?.keepsDone ?? 0
      for sequence in sequences {
        guard let done = try mail.finish(sequence, of: client.address, keeping: kept, at: now) else { continue }
        let listener =
          done.wantsDone ? router.clients(of: done.sender).first { $0.knowsApplications && !$0.hasEnded } : nil
        if done.wantsDone, listener == nil { try mail.note(done: done.id, for: done.sender, at: now) }
        finished.append(.init(sequence: sequence, sender: done.sender, id: done.id, client: listener))
      }
      return .done(finished)
    case .release(let sequence, let isDead):
      guard
        let result = try mail.giveBack(sequence, of: client.address, counting: true, isDead: isDead, at: now)
      else { return .nothing }
      return .givenBack(attempts: result.attempts, isDead: result.isDead)
    case .request(var request):
      request.deadline += now
      return try requests.take(request, from: client, mail)
    case .taken(let application, let id):
      return try requests.taken(id, of: application, by: client, mail) ? .request(.taken, nil) : .nothing
    case .replay(let sequence):
      metrics.queued.add(try mail.replay(of: client.address, from: sequence))
      return .replayed
    case .find: return .nothing
    }
  }

  /// Whether an application's key may be used for a new channel. It is checked here, in the transaction that keeps the channel.
  private func judge(_ channel: DeviceChannel) -> ChannelNotice.Refusal? {
    do {
      let found = try registry.applications(in: channel.application.system)
        .first { $0.address == channel.application }
      guard let found, !found.device.isRevoked, try registry.quarantine(of: found.address) == nil else {
        return .unknownApplication
      }
      let isInUse =
        channel.generation == found.device.generation
        || found.replacedKey(channel.generation, at: wall(), overlap: mailbox.limits.queue.lifetime) != nil
      return isInUse ? nil : .staleKey
    } catch { return .unavailable }
  }

  // MARK: When it is on the disk

  func answer(_ change: ApplicationChange, _ client: Client, _ outcome: ApplicationOutcome) {
    switch (change, outcome) {
    case (.open(let channel), .channel(let refusal)):
      guard let refusal else { return metrics.channelsOpened.add(1) }
      client.connection.send(.channel(.channelRefused(ChannelID(number: channel.id), refusal)))
    case (.report(let report), .report(let outcome)): answer(report, client, outcome)
    case (.done, .done(let finished)): settle(finished, client)
    case (.release(let sequence, _), .givenBack(let attempts, let isDead)):
      if isDead {
        metrics.queued.add(-1)
        metrics.deadLetters.add(1)
      }
      metrics.reportsReturned.add(1)
      use(client.address) { queue throws(RelayError) in try queue.giveBack(sequence, attempts: attempts, isDead: isDead)
      }
    case (.request(let request), .request(let state, let target)):
      requests.answer(request, state, target, client)
    case (.taken(let application, let id), .request(let state, _)): requests.settle(id, of: application, state)
    case (.replay, .replayed): use(client.address) { queue throws(RelayError) in try queue.lookAgain() }
    case (.find(let device), _): find(device, for: client)
    default: break
    }
  }

  /// The transaction failed.
  func fail(_ change: ApplicationChange, _ client: Client) {
    switch change {
    case .open(let channel):
      client.connection.send(.channel(.channelRefused(ChannelID(number: channel.id), .unavailable)))
    case .report(let report): refuse(report, client, .unavailable)
    case .request(let request):
      requests.forget(request)
      client.connection.send(.queue(.requestState(request.id, .tooMany)))
    case .done, .release, .taken, .find, .replay: break
    }
  }

  func refuse(_ report: Report, _ client: Client, _ refusal: ServerRecord.Refusal) {
    metrics.reports.add(ReportResult(refusal))
    client.connection.send(.refused(report.id, refusal))
  }

  /// A message's transaction is on the disk: what was stored goes to the instances.
  func note(_ report: Report, _ outcome: ReportOutcome) {
    switch outcome {
    case .stored(let sequence, let channelRow):
      metrics.reports.add(.accepted)
      metrics.queued.add(1)
      queues[report.application]?.add(QueuedReport(report, sequence: sequence, channelRow: channelRow))
    case .known: metrics.reports.add(.repeated)
    case .unknownChannel, .noRoom: break
    }
  }

  private func answer(_ report: Report, _ client: Client, _ outcome: ReportOutcome) {
    switch outcome {
    case .stored, .known:
      client.connection.send(.accepted(report.id))
      note(report, outcome)
    case .unknownChannel: refuse(report, client, .unknownChannel)
    case .noRoom:
      full.withLock { full in
        if full.count >= 16_384 { full = [:] }
        full[FullQueue(application: report.application, sender: report.sender)] = clock() + 1
      }
      postpone(report, client)
    }
  }

  private func settle(_ finished: [ApplicationOutcome.Finished], _ client: Client) {
    metrics.reportsDone.add(finished.count)
    metrics.queued.add(-finished.count)
    for done in finished { done.client?.connection.send(.channel(.done(done.id))) }
    guard !finished.isEmpty else { return }
    full.withLock { full in full = full.filter { $0.key.application != client.address } }
    use(client.address) { queue throws(RelayError) in
      try queue.settle(finished.map { ($0.sequence, $0.sender) })
    }
  }

  private func find(_ device: DeviceAddress, for client: Client) {
    guard let channel = try? mailbox.latestChannel(of: device, to: client.address) else {
      return client.connection.send(.queue(.opening(device, generation: 0, channel: ChannelID(), RawSpan())))
    }
    client.connection.send([OutgoingRecord(opening: channel)], written: nil)
  }

  // MARK: A queue that is full

  /// Whether the queue had no room for this sender a moment ago. May be called from any thread.
  func isFull(for report: Report) -> Bool {
    full.withLock { full in
      guard let until = full[FullQueue(application: report.application, sender: report.sender)] else { return false }
      return clock() < until
    }
  }

  /// Tells a device to try again later: soon where somebody empties the queue. Devices come back at different times.
  func postpone(_ report: Report, _ client: Client) {
    metrics.reports.add(.later)
    guard client.knowsApplications else { return client.connection.send(.refused(report.id, .quotaExceeded)) }
    let wait: UInt64 = router.hasInstances(of: report.application) ? 5 : 60
    client.connection.send(
      .channel(.later(report.id, seconds: UInt32(wait + report.id.counter % wait))))
  }
}
