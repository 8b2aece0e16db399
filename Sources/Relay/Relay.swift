import Credentials
import Device
import Dispatch
import Foundation
import Logging
import CountersignCrypto
import Registry
import Schemes
import Strangers
import Synchronization

/// The server without its sockets: who is online, what waits, who may talk to whom.
///
/// Sessions hand it the actions that follow from frames; it answers by records to their connections. Changes to the registry
/// happen on one queue, so that a revocation is seen either before a session begins or by the session that has begun.
final class Relay: Sendable {
  let registry: any DeviceRegistry
  let authority: Authority
  let limits: RelayLimits
  let metrics: RelayMetrics
  let logger: Logger
  let router = Router()
  let fleet: Fleet
  let admissions: Admissions
  let office: PostOffice
  /// Devices whose sessions wait for the next commit.
  let arrivals = Mutex<[Arrival]>([])
  let queue = DispatchQueue(label: "countersign.registry")
  let costly: SlowHandshakeQueue
  /// Which ends of connections are logged.
  let closures: Sampler
  /// Which refusals of devices that have proved themselves are logged.
  let refusals = Sampler(perSecond: 5)
  let budgets: Budgets
  let keyLane: KeyRequestQueue

  /// - Parameters:
  ///   - clock: seconds since 1970: where the time begins by which messages age.
  ///   - uptime: nanoseconds of a clock that does not go back, for budgets and for the age of messages.
  init(
    registry: any DeviceRegistry, authority: Authority, mailbox: Mailbox, limits: RelayLimits, logger: Logger,
    admissions: Admissions? = nil, metrics: RelayMetrics = RelayMetrics(), closures: Sampler = Sampler(perSecond: 5),
    clock: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
    uptime: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds }
  ) throws(RelayError) {
    self.registry = registry
    self.authority = authority
    self.limits = limits
    self.logger = logger
    self.admissions = admissions ?? Admissions(registry: registry, authority: authority, limits: limits)
    self.metrics = metrics
    self.closures = closures
    costly = SlowHandshakeQueue(limits: limits)
    budgets = Budgets(limits, clock: uptime)
    keyLane = KeyRequestQueue(queue)
    do { fleet = try Fleet(registry) } catch { throw .registry(error) }
    metrics.epoch.set(Int(fleet.epoch))
    metrics.mailWaiting.set(try mailbox.waitingCount())
    let mailClock = try MailClock(mailbox, wall: clock, uptime: uptime)
    let time = limits.mailbox.guards.contains(.runningTime) ? { @Sendable in mailClock.now() } : clock
    office = PostOffice(
      mailbox: mailbox, registry: registry, limits: limits, metrics: metrics, logger: logger,
      clock: time)
  }

  /// A device has proved its claim: takes its new key into use, tells it what it must know, and lets others find it.
  func begin(_ claimant: Claimant, _ hello: DeviceRecord.Hello, on connection: any RelayConnection) {
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
    let client = Client(
      claimant, hello, number: router.nextNumber(), connection: connection, budget: budgets.open(claimant.address))
    do {
      let state = try registry.state()
      guard let device = try registry.device(claimant.address) else { throw AdmissionRefusal.unknownDevice }
      guard try registry.quarantine(of: claimant.address) == nil else { throw AdmissionRefusal.quarantined }
      try raiseAlarm(claimant, device, client)
      let status = try claimant.keyStatus(in: device)
      if status == .retired { return try begin(retired: client, hello, in: device) }
      if status == .next, let key = claimant.publicKey {
        // No session outlives its key: what such a one has asked for meanwhile is not done.
        for replaced in router.supersede(claimant.address, before: claimant.generation) {
          replaced.connection.close(.superseded)
        }
        try registry.promotePending(key, for: claimant.address, issuer: authority.issuer)
        metrics.promotions.add(1)
        log(.info, "key_promoted", client)
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

  /// Lets a session begin whose device has proved itself and been accepted.
  func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    client.connection.welcome(client, records)
    for replaced in router.add(client, limit: sessionLimit) { replaced.connection.close(.superseded) }
    metrics.sessions.set(router.count)
    log(.info, "session_began", client)
    if client.listens && !isOutdated(client) { office.begin(client) }
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
    for order in try registry.orders(for: client.address) {
      records += try self.records(of: order, for: client)
    }
    return records
  }

  /// What a device that verifies others does not know yet.
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
  func end(_ client: Client) {
    router.remove(client)
    metrics.sessions.set(router.count)
    if client.listens { office.end(client) }
    log(.info, "session_ended", client)
  }

  /// Carries out what follows from a frame of an authenticated device, whatever it owes.
  func perform(_ action: RelayAction, for client: Client) { carryOut(action, for: client, charge(action, to: client)) }

  /// Carries out what follows from a frame of an authenticated device that has been charged for it.
  func carryOut(_ action: RelayAction, for client: Client, _ toll: Toll) {
    guard !client.isSuperseded else { return }
    switch action {
    case .route(let to, let session, let record): route(record, from: client, to: to, session)
    case .lookUp(let address): lookUp(address, for: client)
    case .deposit(let deposit): take(deposit, from: client, isAffordable: toll.isAffordable)
    case .delivered(let sender, let id):
      // It is given nothing, and has nothing to confirm: whoever holds the key may be anybody.
      if !client.isRetired { office.delivered(to: client, from: sender, id: id) }
    case .renew(let key, let proof): enqueue(client) { self.renew(key, proof: proof, for: client) }
    case .rekey: enqueue(client) { self.rekey(client) }
    case .request(let point): enqueue(client) { self.issue(point, for: client) }
    case .pong: client.connection.send(.pong)
    case .none, .reply, .turnAway, .begin, .close: break
    }
  }

  /// Whether the device's certificate is only good for renewing itself.
  func isOutdated(_ client: Client) -> Bool { client.lastEpoch < fleet.epoch }

  private func route(_ record: OutgoingRecord, from client: Client, to address: DeviceAddress, _ session: UInt32) {
    let isForeign = client.address.system != address.system
    let isAllowed =
      !isOutdated(client)
      && (fleet.allows(from: client.address.system, to: address.system)
        || (session != 0 && client.mayAnswer(address, session: session)))
    guard isAllowed, let target = router.client(address, session: session) else {
      metrics.framesUnreachable.add(1)
      client.connection.mention(.unreachable(address, session: session))
      return
    }
    guard mayOpen(record, client, target) else {
      client.connection.mention(.unreachable(address, session: session))
      return
    }
    if isForeign { target.remember(client.address, session: client.number, limit: limits.correspondents) }
    target.connection.pass(record, from: client, session: session)
    metrics.framesRouted.add(1)
  }

  private func lookUp(_ address: DeviceAddress, for client: Client) {
    guard !isOutdated(client), fleet.allows(from: client.address.system, to: address.system),
      let certificate = certificate(of: address)
    else {
      client.connection.send(.peer(address, .unknown, nil))
      return
    }
    client.connection.send(.peer(address, router.isListening(address) ? .online : .asleep, certificate))
  }

  /// The certificate to which a device's messages are sealed: none for a device without a key of its own; nil when there is no
  /// such device.
  private func certificate(of address: DeviceAddress) -> Certificate?? {
    if let device = try? registry.device(address), device.floor >= .certified {
      return device.isRevoked ? .none : .some(device.certificate)
    }
    guard let device = try? registry.symmetricDevice(address), !device.isRevoked, !device.isRetired else {
      return .none
    }
    return .some(nil)
  }

  private func take(_ deposit: Deposit, from client: Client, isAffordable: Bool) {
    let refusal: ServerRecord.Refusal? =
      if isOutdated(client) {
        .mayOnlyRenew
      } else if deposit.id.generation > client.generation {
        // A number of a key to come, which this session's device cannot have drawn: the recipient would count it as used.
        .impossibleNumber
      } else if !fleet.allows(from: client.address.system, to: deposit.recipient.system) {
        .unknownRecipient
      } else if deposit.body.count > Message.maximumLength + (deposit.isOpen ? 0 : SealedMessage.overhead) {
        .tooLong
      } else if !isAffordable {
        .unavailable
      } else {
        nil
      }
    if let refusal {
      metrics.deposits.add(DepositResult(refusal))
      client.connection.send(.refused(deposit.id, refusal))
    } else {
      office.deposit(deposit, from: client)
    }
  }

  /// A device has proved a key whose credential contradicts the one on record: the master key has been used elsewhere, or the
  /// registry has forgotten what it issued.
  private func raiseAlarm(_ claimant: Claimant, _ device: RegisteredDevice, _ client: Client) throws(RegistryError) {
    guard let evidence = claimant.contradiction(in: device), let credential = claimant.credential,
      let key = claimant.publicKey
    else { return }
    // By the issuance log it is the row that is false: whoever wrote that accuses nobody.
    if try registry.verdict(on: Certificate(credential, publicKey: key)) == .entered { return }
    if try registry.report(evidence) { log(.critical, "misissuance", client) }
    metrics.misissuances.add(1)
  }

  /// Drops what has waited for too long.
  func purge() {
    office.purge()
    budgets.sweep()
  }

  /// Waits until everything that sessions have asked for so far is done.
  func settle() {
    queue.sync {}
    office.settle()
  }

  func log(
    _ level: Logger.Level, _ event: Logger.Message, _ client: Client, _ more: Logger.Metadata = [:]
  ) {
    var metadata = more
    metadata["system"] = "\(client.address.system.rawValue)"
    metadata["device"] = "\(client.address.device.hexadecimal)"
    metadata["session"] = "\(client.number)"
    if metadata["generation"] == nil { metadata["generation"] = "\(client.generation)" }
    logger.log(level: level, event, metadata: metadata)
  }
}

extension DeviceID {
  /// 16 digits.
  var hexadecimal: String {
    let digits = String(rawValue, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
