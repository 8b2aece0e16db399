// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Foundation
import Mailbox
import Records
import Registry
import Wire

/// Requests of applications that devices have not taken yet. One that may wait for a sleeper is on the disk before its sender is told;
/// the others are a matter of memory.
///
/// Used on the post office's queue only.
final class RequestDesk {
  private struct Key: Hashable {
    let application: DeviceAddress
    let id: UInt64
  }

  private struct Pending {
    let device: DeviceAddress
    let deadline: Int64
    let isStored: Bool
    var isGiven = false
    weak var asker: Client?
  }

  private let mailbox: any MailStore
  private let registry: any DeviceRecords
  private let router: Router
  private let metrics: RelayMetrics
  private var pending: [Key: Pending] = [:]
  private var perDevice: [DeviceAddress: Int] = [:]
  private var perApplication: [DeviceAddress: Int] = [:]
  /// Those whose deadline passed while no instance could be told.
  private var expired: [DeviceAddress: [UInt64]] = [:]
  private var earliest = Int64.max

  init(
    _ mailbox: any MailStore, _ registry: any DeviceRecords, _ router: Router, _ metrics: RelayMetrics
  ) throws(MailboxError) {
    self.mailbox = mailbox
    self.registry = registry
    self.router = router
    self.metrics = metrics
    let (waiting, gone) = try mailbox.requestList()
    for request in waiting { remember(request, isStored: true, from: nil) }
    for request in gone { expired[request.application, default: []].append(request.id) }
  }

  private var limits: QueueLimits { mailbox.limits.queue }

  // MARK: In the transaction

  func take(
    _ request: WaitingRequest, from client: Client, _ mail: any MailTransaction
  ) throws(MailboxError) -> ApplicationOutcome {
    let key = Key(application: request.application, id: request.id)
    if let known = pending[key] { return .request(known.isGiven ? .given : .stored, nil) }
    guard try mail.hasChannel(request.channel, of: request.device, to: request.application),
      isServed(request.device)
    else { return .request(.unknown, nil) }
    guard perDevice[request.device] ?? 0 < limits.requestsPerDevice,
      perApplication[request.application] ?? 0 < limits.requestsPerApplication
    else { return .request(.tooMany, nil) }
    let target = router.client(request.device, session: 0).flatMap { $0.knowsApplications ? $0 : nil }
    let waits = RequestFlags(rawValue: request.flags).contains(.waits)
    guard waits || target != nil else { return .request(.asleep, nil) }
    if waits { try mail.store(request) }
    remember(request, isStored: waits, from: client)
    return .request(waits ? .stored : .given, target)
  }

  /// Whether the device may have sessions.
  private func isServed(_ address: DeviceAddress) -> Bool {
    guard let device = try? registry.device(address) else { return false }
    return !device.isRevoked
  }

  func taken(
    _ id: UInt64, of application: DeviceAddress, by client: Client, _ mail: any MailTransaction
  ) throws(MailboxError) -> Bool {
    guard let known = pending[Key(application: application, id: id)], known.device == client.address else {
      return false
    }
    if known.isStored { try mail.removeRequest(id, of: application) }
    return true
  }

  /// A report that answers a request is as good as a word that it was taken.
  func answered(by report: Report, _ mail: any MailTransaction) throws(MailboxError) {
    guard let id = report.request, let known = pending[Key(application: report.application, id: id)],
      known.device == report.sender
    else { return }
    if known.isStored { try mail.removeRequest(id, of: report.application) }
    forget(id, of: report.application)
  }

  // MARK: When it is on the disk

  func answer(_ request: WaitingRequest, _ state: RequestState, _ target: Client?, _ client: Client) {
    metrics.requests.add(RequestResult(state))
    client.connection.send(.queue(.requestState(request.id, state)))
    guard let target else { return }
    target.connection.send([OutgoingRecord(request, secondsLeft: request.deadline)], written: nil)
    pending[Key(application: request.application, id: request.id)]?.isGiven = true
    guard state == .stored else { return }
    client.connection.send(.queue(.requestState(request.id, .given)))
  }

  /// The device has it, so that nothing is left to do.
  func settle(_ id: UInt64, of application: DeviceAddress, _ state: RequestState) {
    guard let known = pending[Key(application: application, id: id)] else { return }
    forget(id, of: application)
    metrics.requests.add(RequestResult(state))
    listener(of: application, known.asker)?.connection.send(.queue(.requestState(id, state)))
  }

  /// It was not stored after all.
  func forget(_ request: WaitingRequest) { forget(request.id, of: request.application) }

  // MARK: Sessions and deadlines

  /// Gives a device that listens what waits for it.
  func give(to client: Client, at now: Int64) {
    guard perDevice[client.address] != nil, let waiting = try? mailbox.requests(for: client.address) else { return }
    for request in waiting where request.deadline > now {
      let key = Key(application: request.application, id: request.id)
      guard let known = pending[key] else { continue }
      client.connection.send([OutgoingRecord(request, secondsLeft: request.deadline - now)], written: nil)
      pending[key]?.isGiven = true
      listener(of: request.application, known.asker)?.connection.send(.queue(.requestState(request.id, .given)))
    }
  }

  /// Reports the requests whose deadline has passed; those whose application has no session wait for one.
  func expire(at now: Int64) {
    guard earliest <= now else { return }
    let gone = pending.filter { $0.value.deadline <= now }
    earliest = pending.values.reduce(.max) { $1.deadline > now ? min($0, $1.deadline) : $0 }
    let told = gone.filter { listener(of: $0.key.application, $0.value.asker) != nil }
    let stored = gone.filter { $0.value.isStored }
    if !stored.isEmpty {
      do throws(MailboxError) {
        try mailbox.transaction { mail throws(MailboxError) in
          for key in stored.keys {
            if told[key] != nil {
              try mail.removeRequest(key.id, of: key.application)
            } else {
              try mail.markExpired(key.id, of: key.application, at: now)
            }
          }
        }
      } catch {
        earliest = now
        return
      }
    }
    metrics.requests.add(.expired, gone.count)
    for (key, known) in gone {
      forget(key.id, of: key.application)
      if let client = listener(of: key.application, known.asker) {
        client.connection.send(.queue(.requestState(key.id, .expired)))
      } else if known.isStored {
        expired[key.application, default: []].append(key.id)
      }
    }
  }

  /// Tells an instance of the requests whose deadline passed while there was none.
  func tellExpired(to client: Client) {
    guard let ids = expired.removeValue(forKey: client.address) else { return }
    do throws(MailboxError) {
      try mailbox.transaction { mail throws(MailboxError) in
        for id in ids { try mail.removeRequest(id, of: client.address) }
      }
    } catch {
      expired[client.address] = ids
      return
    }
    client.connection.send(ids.map { OutgoingRecord(.queue(.requestState($0, .expired))) }, written: nil)
  }

  /// The session that asked, or another instance that listens.
  private func listener(of application: DeviceAddress, _ asker: Client?) -> Client? {
    if let asker, !asker.hasEnded { return asker }
    return router.instances(of: application).first
  }

  private func remember(_ request: WaitingRequest, isStored: Bool, from client: Client?) {
    pending[Key(application: request.application, id: request.id)] = Pending(
      device: request.device, deadline: request.deadline, isStored: isStored, isGiven: false, asker: client)
    perDevice[request.device, default: 0] += 1
    perApplication[request.application, default: 0] += 1
    earliest = min(earliest, request.deadline)
  }

  private func forget(_ id: UInt64, of application: DeviceAddress) {
    guard let known = pending.removeValue(forKey: Key(application: application, id: id)) else { return }
    perDevice[known.device] = perDevice[known.device].flatMap { $0 > 1 ? $0 - 1 : nil }
    perApplication[application] = perApplication[application].flatMap { $0 > 1 ? $0 - 1 : nil }
  }
}

extension OutgoingRecord {
  init(_ request: WaitingRequest, secondsLeft: Int64) {
    var instance = InstanceID()
    var target = instance.mutableBytes
    var writer = ByteWriter(&target)
    for byte in request.instance.prefix(16) { writer.uint8(byte) }
    _ = consume writer
    let head = ChannelNotice.Request(
      application: request.application.device, channel: ChannelID(number: request.channel), request: request.id,
      flags: RequestFlags(rawValue: request.flags), instance: instance, counter: request.counter,
      secondsLeft: UInt32(clamping: secondsLeft))
    self.init(.channel(.request(head, request.body.bytes)))
  }
}
