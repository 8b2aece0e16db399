// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Dispatch
import Foundation
import Keyring
import Logging
import Mailbox
import Records
import Registry
import Schemes
import Strangers
import Wire

/// Wake-ups of suspended sessions.
extension Relay {
  /// Takes a wake-up; `done` is called with the answer, or with nil when there is none. What it carries is on the disk, together with its
  /// counter and the answer, before that.
  package func wake(_ frame: [UInt8], from source: SourceAddress, done: @escaping @Sendable ([UInt8]?) -> Void) {
    if wakeUps.add(.init(frame: frame, done: done), from: source) { office.onQueue { self.takeWakeUps() } }
  }

  private func takeWakeUps() {
    let batch = wakeUps.next(limits.wakeUpsPerCommit)
    if !batch.isEmpty {
      let verdicts = office.transact { desk throws(MailboxError) in
        var verdicts: [WakeUpVerdict] = []
        for one in batch { verdicts.append(try judge(one.frame, desk)) }
        return verdicts
      }
      metrics.wakeUpCommits.add(1)
      for (index, one) in batch.enumerated() {
        let verdict = verdicts?[index] ?? .silence
        metrics.wakeUps.add(WakeUpResult(verdict, wasStored: verdicts != nil))
        one.done(verdict.answer)
        if case .fork(let address, let detail) = verdict { quarantine(address, detail) }
      }
    }
    if wakeUps.hasMore() { office.onQueue { self.takeWakeUps() } }
  }

  /// Two holders of a suspended session have shown themselves.
  private func quarantine(_ address: DeviceAddress, _ detail: String) {
    queue.async { [self] in
      do { try registry.quarantine(address, because: detail) } catch {
        return logger.error("registry", metadata: ["reason": "\(error)"])
      }
      logger.critical(
        "two_of_one_device",
        metadata: ["system": "\(address.system.rawValue)", "device": "\(address.device)", "reason": "\(detail)"])
      for client in router.sessions(of: address) { client.connection.close(.quarantined) }
    }
  }

  /// Finds the session of a wake-up and takes it.
  private func judge(_ frame: [UInt8], _ desk: PostOffice.Transaction) throws(MailboxError) -> WakeUpVerdict {
    guard let hint = WakeFrame.hint(frame.bytes), frame.count <= Framing.datagramLength else { return .silence }
    for (row, counter) in try desk.mail.suspended(hinted: hint) where counter >= row.base {
      var wakeUp = OpenedWakeUp()
      defer { wakeUp.wipe() }
      guard wakeUp.open(frame, row, counter, authority) else { continue }
      if let earlier = row.accepted.first(where: { $0.counter == counter }) {
        guard earlier.digest == wakeUp.digest else {
          for row in try desk.mail.suspended(of: row.device) { try desk.mail.removeSuspended(row.id) }
          return .fork(row.device, "two different wake-ups came under counter \(counter)")
        }
        // Nobody who repeats a frame has shown that it gets the answer.
        let isOwn = row.answered == counter && row.answer.count <= frame.count
        return isOwn && !row.answer.isEmpty ? .repeated(row.answer) : .silence
      }
      return try accept(&wakeUp, row, counter, desk)
    }
    return .silence
  }

  private func accept(
    _ wakeUp: inout OpenedWakeUp, _ row: SuspendedRow, _ counter: UInt32, _ desk: PostOffice.Transaction
  ) throws(MailboxError) -> WakeUpVerdict {
    guard counter < UInt32(row.wakeUps), let standing = try? standing(of: row, at: counter) else { return .silence }
    guard let (said, isMore) = try carryOut(wakeUp, row, counter, standing, desk) else { return .silence }
    var row = row
    let before = row.next
    row.accepted.append(.init(counter: counter, digest: wakeUp.digest))
    row.next = max(before, counter + 1)
    let base = row.next > SuspendedRow.depth ? row.next - SuspendedRow.depth : 0
    row.accepted.removeAll { $0.counter < base }
    row.key = wakeUp.key(at: base, row, authority)
    row.base = base
    let limit = UInt32(row.wakeUps)
    let hints = wakeUp.hints(
      min(before + Suspension.window, limit)..<min(row.next + Suspension.window, limit))
    var answer: [UInt8]?
    if wakeUp.flags.contains(.wantsAnswer), !wakeUp.flags.contains(.oneWay) {
      var flags = standing.flags
      let hasMail = try desk.mail.hasMail(for: row.device)
      if isMore || hasMail { flags.insert(.more) }
      answer = wakeUp.answer(said, flags, epoch: standing.epoch, row, counter)
      row.answer = answer ?? []
      row.answered = counter
    }
    // The first wake-up shows that the device uses this session: the one before is no longer compared with.
    if before == 0 {
      for other in try desk.mail.suspended(of: row.device) where other.id != row.id {
        try desk.mail.removeSuspended(other.id)
      }
    }
    try desk.mail.update(row, waitingFor: hints)
    return .accepted(answer)
  }

  /// How a device stands whose session is woken; nil when it is not to be heard.
  private func standing(of row: SuspendedRow, at counter: UInt32) throws(RegistryError) -> Standing? {
    guard try registry.quarantine(of: row.device) == nil else { return nil }
    let state = try registry.state()
    var standing = Standing(epoch: state.epoch)
    if let device = try registry.device(row.device), device.floor >= .certified {
      guard device.generation == row.generation, !device.isRevoked else { return nil }
      standing.isOutdated = device.certificate.fields.lastEpoch < state.epoch
      if state.revocationSequence > row.revocationSequence || state.epoch != row.epoch { standing.flags.insert(.news) }
    } else {
      guard let device = try registry.symmetricDevice(row.device), !device.isRetired, !device.isRevoked,
        device.generation == row.generation, device.floor.admits(device.current.scheme)
      else { return nil }
    }
    let endsSoon = Int(counter) + Int(SuspendedRow.depth) >= row.wakeUps
    let hasChanged = state.epoch != row.epoch
    let isOrdered = try !registry.orders(for: row.device).isEmpty
    if endsSoon || hasChanged || isOrdered { standing.flags.insert(.renew) }
    return standing
  }

  /// Does what the wake-up's data asks for and returns the record that answers it, and whether a session has more; nil when the device has
  /// used up a budget, so that it comes again.
  private func carryOut(
    _ wakeUp: borrowing OpenedWakeUp, _ row: SuspendedRow, _ counter: UInt32, _ standing: Standing,
    _ desk: PostOffice.Transaction
  ) throws(MailboxError) -> (record: [UInt8], isMore: Bool)? {
    let number = MessageID(row.firstMessage.rawValue + UInt64(counter))
    guard !wakeUp.data.isEmpty else { return affords(nil, 0, of: row.device) ? ([], false) : nil }
    guard wakeUp.flags.contains(.record) else {
      let application = fleet.defaultApplication(of: row.device.system)
      return try report(wakeUp.data, number, of: row.device, to: application, standing, desk)
    }
    let data = wakeUp.data
    let record: DeviceRecord
    do { record = try DeviceRecord(decoding: data.bytes) } catch { return ([], false) }
    switch record {
    case .ping: return affords(nil, 1, of: row.device) ? ([], false) : nil
    case .deposit(let to, let generation, let id, let body) where generation != 0:
      return try take(
        Deposit(
          recipient: to, sender: row.device, id: id, generation: generation, body: body.withUnsafeBytes { Data($0) }),
        number, standing, desk)
    case .open(let to, let id, let body) where id == number && fleet.application(to) != nil:
      return try report(body.withUnsafeBytes { [UInt8]($0) }, number, of: row.device, to: to, standing, desk)
    case .open(let to, let id, let body):
      return try take(
        Deposit(recipient: to, sender: row.device, id: id, generation: 0, body: body.withUnsafeBytes { Data($0) }),
        number, standing, desk)
    case .delivered(let from, let id):
      guard affords(.confirmations, 0, of: row.device) else { return nil }
      try desk.confirm(for: row.device, from: from, id: id)
      return ([], false)
    case .lookup(let address):
      guard affords(.lookups, 0, of: row.device) else { return nil }
      guard !standing.isOutdated, fleet.allows(from: row.device.system, to: address.system),
        let certificate = certificate(of: address)
      else { return (Self.encode(.peer(address, .unknown, nil)), false) }
      return (
        Self.encode(.peer(address, router.isListening(address) ? .online : .asleep, certificate)), false
      )
    // What needs a session is not done, and the device is told that one has more for it.
    default: return ([], true)
    }
  }

  /// Keeps a text for an application.
  private func report(
    _ text: [UInt8], _ number: MessageID, of device: DeviceAddress, to application: DeviceAddress?,
    _ standing: Standing, _ desk: PostOffice.Transaction
  ) throws(MailboxError) -> (record: [UInt8], isMore: Bool)? {
    func refused(_ refusal: ServerRecord.Refusal) -> (record: [UInt8], isMore: Bool) {
      metrics.reports.add(ReportResult(refusal))
      return (Self.encode(.refused(number, refusal)), false)
    }
    if standing.isOutdated { return refused(.mayOnlyRenew) }
    guard let application, fleet.allows(from: device.system, to: application.system) else {
      return refused(.unknownRecipient)
    }
    let report = Report(
      application: application, sender: device, id: number, channel: nil, isByWakeUp: true,
      milliseconds: milliseconds(), body: Data(text))
    guard affords(.deposits, text.count, of: device) else { return nil }
    guard affordsMail(report.weight, of: device) else { return refused(.unavailable) }
    switch try desk.take(report) {
    case .stored, .known: return ([], false)
    case .noRoom: return refused(.quotaExceeded)
    case .unknownChannel: return refused(.unknownChannel)
    }
  }

  private func take(
    _ deposit: Deposit, _ number: MessageID, _ standing: Standing, _ desk: PostOffice.Transaction
  ) throws(MailboxError) -> (record: [UInt8], isMore: Bool)? {
    func refused(_ refusal: ServerRecord.Refusal) -> (record: [UInt8], isMore: Bool) {
      metrics.deposits.add(DepositResult(refusal))
      return (Self.encode(.refused(deposit.id, refusal)), false)
    }
    if standing.isOutdated { return refused(.mayOnlyRenew) }
    // A wake-up's message has the number that was reserved for it.
    guard deposit.id == number else { return refused(.impossibleNumber) }
    guard fleet.allows(from: deposit.sender.system, to: deposit.recipient.system) else {
      return refused(.unknownRecipient)
    }
    guard affords(.deposits, deposit.body.count, of: deposit.sender) else { return nil }
    guard affordsMail(deposit.weight + MailboxLimits.rowCharge, of: deposit.sender) else {
      return refused(.unavailable)
    }
    switch try desk.take(deposit) {
    // The answer itself says so.
    case .stored, .known: return ([], false)
    case .refused(let refusal): return refused(refusal)
    }
  }

  /// Charges a device for a wake-up as for a record; false when it would have to rest first.
  private func affords(_ kind: Budget?, _ bytes: Int, of device: DeviceAddress) -> Bool {
    let toll = budgets[device].charge(kind, bytes: bytes, at: budgets.now())
    if let budget = toll.budget { metrics.throttled.add(budget) }
    return toll.rest == 0 && !toll.isRefused
  }

  private func affordsMail(_ weight: Int, of device: DeviceAddress) -> Bool {
    let budget = budgets[device]
    return budget.takeAssuredMail(weight, at: budgets.now())
      || budget.chargeMail(weight, at: budgets.now()) == 0 && budgets.takeMail(weight, of: device.system)
  }

  private static func encode(_ record: borrowing ServerRecord) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: record.encodedLength)
    var span = bytes.mutableBytes
    _ = record.encode(into: &span)
    return bytes
  }
}

/// What the registry says about a device whose session is woken.
private struct Standing {
  let epoch: Epoch
  /// Whether its certificate is good only for renewing itself.
  var isOutdated = false
  var flags: WakeAnswer.Flags = []

  init(epoch: Epoch) { self.epoch = epoch }
}
