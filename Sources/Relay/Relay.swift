// SPDX-License-Identifier: Apache-2.0

import Credentials
import Dispatch
import Foundation
import Logging
import CountersignCrypto
import Mailbox
import Keyring
import Records
import Registry
import Schemes
import Strangers
import Synchronization
import Wire

/// The server without its sockets: who is online, what waits, who may talk to whom.
///
/// Sessions hand it the actions that follow from frames; it answers with records to their connections. Changes to the registry
/// happen on one queue, so that a revocation is seen either before a session begins or by the session that has begun.
package final class Relay: Sendable {
  let registry: any DeviceRegistry
  let authority: Authority
  package let limits: RelayLimits
  package let metrics: RelayMetrics
  package let logger: Logger
  let router = Router()
  let fleet: FleetView
  package let admissions: Admissions
  package let office: PostOffice
  /// Devices whose sessions wait for the next commit.
  let arrivals = Mutex<[Arrival]>([])
  package let queue = DispatchQueue(label: "countersign.registry")
  package let slowHandshakes: SlowHandshakeQueue
  /// Which connection closures are logged.
  let closures: Sampler
  /// Which refusals of devices that have proved themselves are logged.
  let refusals = Sampler(perSecond: 5)
  let budgets: Budgets
  let keyLane: KeyRequestQueue
  let wakeUps: WakeUpQueue
  /// Seconds since 1970.
  private let wall: @Sendable () -> Int64
  /// Milliseconds since 1970.
  let milliseconds: @Sendable () -> UInt64

  /// - Parameters:
  ///   - clock: seconds since 1970: the start of the time by which messages age.
  ///   - uptime: nanoseconds of a clock that does not go back, for budgets and for the age of messages.
  package init(
    registry: any DeviceRegistry, authority: Authority, mailbox: any MailStore, limits: RelayLimits, logger: Logger,
    admissions: Admissions? = nil, metrics: RelayMetrics = RelayMetrics(), closures: Sampler = Sampler(perSecond: 5),
    clock: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
    uptime: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds },
    milliseconds: @escaping @Sendable () -> UInt64 = { UInt64(max(Date().timeIntervalSince1970, 0) * 1000) }
  ) throws(RelayError) {
    self.registry = registry
    self.authority = authority
    self.limits = limits
    self.logger = logger
    self.admissions = admissions ?? Admissions(registry: registry, authority: authority, limits: limits)
    self.metrics = metrics
    self.closures = closures
    wall = clock
    self.milliseconds = milliseconds
    slowHandshakes = SlowHandshakeQueue(limits: limits)
    budgets = Budgets(limits, clock: uptime)
    keyLane = KeyRequestQueue(queue)
    wakeUps = WakeUpQueue(limits: limits)
    do { fleet = try FleetView(registry) } catch { throw .registry(error) }
    metrics.epoch.set(Int(fleet.epoch))
    let (waiting, mailClock) = try usingMailbox { () throws(MailboxError) in
      (try mailbox.waitingCount(), try MailClock(mailbox, wall: clock, uptime: uptime))
    }
    metrics.mailWaiting.set(waiting)
    let time = limits.mailbox.guards.contains(.runningTime) ? { @Sendable in mailClock.now() } : clock
    let (fleet, router) = (fleet, router)
    let desk = try usingMailbox { () throws(MailboxError) in
      try ApplicationDesk(
        mailbox: mailbox, registry: registry, fleet: fleet, router: router, metrics: metrics, logger: logger,
        clock: time,
        wall: clock)
    }
    office = PostOffice(
      mailbox: mailbox, registry: registry, limits: limits, metrics: metrics, logger: logger,
      clock: time, desk: desk)
  }

  /// A device has proved its claim: takes its new key into use, tells it what it must know, and lets others find it.
  package func begin(_ claimant: Claimant, _ hello: DeviceRecord.Hello, on connection: any RelayConnection) {
    if claimant.scheme.isSymmetric { return arrive(Arrival(claimant, hello, connection)) }
    queue.async { [self] in
      do throws(AdmissionRefusal) {
        try begin(claimant, hello, connection)
        metrics.handshakes.add(.accepted)
      } catch {
        logRefusal(error, of: claimant.address)
        connection.close(.refused(error))
      }
    }
  }

  private func begin(
    _ claimant: Claimant, _ hello: DeviceRecord.Hello, _ connection: any RelayConnection
  ) throws(AdmissionRefusal) {
    let records: [OutgoingRecord]
    let client: Client
    do {
      let state = try registry.state()
      guard let device = try registry.device(claimant.address) else { throw AdmissionRefusal.unknownDevice }
      guard try registry.quarantine(of: claimant.address) == nil else { throw AdmissionRefusal.quarantined }
      let overlap = device.isApplication ? try overlapping(claimant) : nil
      client = Client(
        claimant, hello, number: router.nextNumber(), connection: connection, budget: budgets.open(claimant.address),
        isApplication: device.isApplication, lastEpoch: overlap?.lastEpoch)
      try raiseAlarm(claimant, device, client)
      let status = try claimant.keyStatus(in: device)
      if status == .retired {
        guard device.isApplication else { return try begin(retired: client, hello, in: device) }
        // Another instance has changed the key that they share; this one works on until it has the new file.
        guard overlap != nil else { throw AdmissionRefusal.unknownKey }
      }
      if status == .next, let key = claimant.publicKey {
        // No session outlives its key: what it has asked for meanwhile is not done.
        if !device.isApplication {
          for replaced in router.supersede(claimant.address, before: claimant.generation) {
            replaced.connection.close(.superseded)
          }
        }
        try registry.promotePending(key, for: claimant.address, issuer: authority.issuer)
        metrics.promotions.add(1)
        log(.info, "key_promoted", client)
        tell(.rotated, of: claimant.address)
      }
      let floor = claimant.scheme.row.floor
      if floor > device.floor { try registry.raiseFloor(of: claimant.address, to: floor) }
      records = try firstRecords(for: client, hello, state)
    } catch let refusal as AdmissionRefusal {
      throw refusal
    } catch {
      logger.error("registry", metadata: ["reason": "\(error)"])
      throw .unavailable
    }
    welcome(client, records)
  }

  /// Begins the session of a device that has proved itself and been accepted.
  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    client.connection.welcome(client, records)
    let isFirst = router.clients(of: client.address).isEmpty
    let limit = client.isApplication ? limits.device.applicationSessions : sessionLimit
    for replaced in router.add(client, limit: limit) { replaced.connection.close(.superseded) }
    if isFirst { tell(.came, of: client.address) }
    metrics.sessions.set(router.count)
    log(.info, "session_began", client)
    if client.listens && !isOutdated(client) { office.begin(client) }
    if client.knowsApplications && !client.isApplication { office.greet(client) }
  }

  /// The key of an application that its session was opened with, if others have replaced it lately.
  private func overlapping(_ claimant: Claimant) throws(RegistryError) -> RegisteredApplication.ReplacedKey? {
    try registry.applications(in: claimant.address.system).first { $0.address == claimant.address }?
      .replacedKey(claimant.generation, at: wall(), overlap: limits.mailbox.queue.lifetime)
  }

  /// What a session begins with: the welcome, and every statement that the device does not know yet.
  func firstRecords(
    for client: Client, _ hello: DeviceRecord.Hello, _ state: AuthorityState
  ) throws(RegistryError) -> [OutgoingRecord] {
    let mayOnlyRenew = client.lastEpoch < state.epoch
    var records = [
      OutgoingRecord(.welcome(session: client.number, mayOnlyRenew: mayOnlyRenew, state.epochStatement))
    ]
    if client.verifiesPeers { records += try statements(for: client, hello, state) }
    records += applicationRecords(for: client)
    for order in try registry.orders(for: client.address) {
      records += try self.records(of: order, for: client)
    }
    return records
  }

  /// The statements that a device that verifies others does not know yet.
  private func statements(
    for client: Client, _ hello: DeviceRecord.Hello, _ state: AuthorityState
  ) throws(RegistryError) -> [OutgoingRecord] {
    var records: [OutgoingRecord] = []
    if hello.revocationSequence < state.revocationSequence {
      for news in try News.read(registry, since: hello.revocationSequence, for: client.address.system)
      where client.wants(news) {
        records.append(news.record)
      }
    }
    let system = client.address.system
    for (link, statement) in fleet.snapshot.policies where link.from == system || link.to == system {
      records.append(OutgoingRecord(.policy(statement)))
    }
    return records
  }

  /// The connection of a session has ended.
  package func end(_ client: Client) {
    router.remove(client)
    metrics.sessions.set(router.count)
    if client.listens { office.end(client) }
    if router.clients(of: client.address).isEmpty { tell(.went, of: client.address) }
    log(.info, "session_ended", client)
  }

  /// A device has proved a key whose credential contradicts the one on record: the master key has been used elsewhere, or the
  /// registry has forgotten what it issued.
  private func raiseAlarm(_ claimant: Claimant, _ device: RegisteredDevice, _ client: Client) throws(RegistryError) {
    guard let evidence = claimant.contradiction(in: device), let credential = claimant.credential,
      let key = claimant.publicKey
    else { return }
    // According to the issuance log the row is false: whoever wrote it proves nothing against the device.
    if try registry.verdict(on: Certificate(credential, publicKey: key)) == .entered { return }
    if try registry.report(evidence) { log(.critical, "misissuance", client) }
    metrics.misissuances.add(1)
  }

  /// Drops what has waited for too long.
  package func purge() {
    office.purge()
    budgets.sweep()
  }

  /// A second has passed: leases, and deadlines of requests.
  package func tick() { office.tick() }

  /// Waits until everything that sessions have asked for so far is done.
  package func settle() {
    queue.sync {}
    office.settle()
  }

  func log(
    _ level: Logger.Level, _ event: Logger.Message, _ client: Client, _ more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["system"] = "\(client.address.system.rawValue)"
    metadata["device"] = "\(client.address.device)"
    metadata["session"] = "\(client.number)"
    if metadata["generation"] == nil { metadata["generation"] = "\(client.generation)" }
    logger.log(level: level, event, metadata: metadata)
  }
}
