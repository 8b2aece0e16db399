// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Dispatch
import Keyring
import Logging
import Mailbox
import Records
import Registry
import Schemes
import Wire

/// Suspending a session, and what the device says about those before it.
extension Relay {
  /// Keeps a session for wake-ups, in the place of the device's last one, unless what the device quotes shows that there are two of it.
  func suspend(_ client: Client, _ suspension: Suspension, _ start: SuspensionStart) {
    guard !client.isRetired, !isOutdated(client), suspension.firstMessage.generation == client.generation else {
      return client.connection.close(.violation)
    }
    office.onQueue { [self] in
      let wakeUps = min(limits.wakeUpsPerSession, Suspension.maximumWakeUps)
      let state: AuthorityState
      do { state = try registry.state() } catch { return client.connection.close(.unavailable) }
      let evidence = office.transact { desk throws(MailboxError) -> String? in
        if let evidence = try settle(client, suspension, desk.mail) { return evidence }
        let row = SuspendedRow(
          device: client.address, generation: client.generation, name: start.name,
          firstMessage: suspension.firstMessage, wakeUps: wakeUps, epoch: state.epoch,
          revocationSequence: state.revocationSequence,
          key: start.withChain {
            authority.sealChain($0, of: client.address, generation: client.generation, name: start.name, counter: 0)
          })
        let hints = start.withChain { Self.hints(after: $0, from: 0, 0..<min(Suspension.window, UInt32(wakeUps))) }
        try desk.mail.insert(row, waitingFor: hints)
        return nil
      }
      guard let evidence else { return client.connection.close(.unavailable) }
      if let detail = evidence { return quarantine(client, detail) }
      metrics.suspensions.add(1)
      client.connection.send(
        .suspended(
          wakeUps: UInt16(wakeUps), window: UInt8(Suspension.window), reserve: UInt8(Suspension.maximumReserve)))
    }
  }

  /// Compares what the device quotes with its sessions here, and makes room for the next one; what shows that there are two of it, if
  /// something does.
  ///
  /// A session that was never woken may be one whose answer the device never got, so it says nothing. The one before it stays for
  /// comparison until one is woken, or until the device says that it uses a later one.
  private func settle(
    _ client: Client, _ suspension: Suspension, _ mail: any MailTransaction
  ) throws(MailboxError) -> String? {
    var rows: [SuspendedRow] = []
    for row in try mail.suspended(of: client.address) {
      if row.generation == client.generation { rows.append(row) } else { try mail.removeSuspended(row.id) }
    }
    guard let current = rows.first else { return nil }
    let earlier = rows.dropFirst()
    let quote = suspension.quote(of: current)
    if let quote {
      if current.next > quote.next { return Self.evidence(current, quote) }
    } else if current.isConfirmed {
      return "the suspended session in use is not one that the device has"
    } else if let before = earlier.first {
      guard let quote = suspension.quote(of: before) else {
        return "the suspended session in use is not one that the device has"
      }
      if before.next > quote.next { return Self.evidence(before, quote) }
    }
    if current.isConfirmed || (quote != nil && quote == suspension.active) {
      try mail.retireSuspended(current.id)
      for row in earlier { try mail.removeSuspended(row.id) }
    } else {
      try mail.removeSuspended(current.id)
    }
    return nil
  }

  private static func evidence(_ row: SuspendedRow, _ quote: Suspension.Quote) -> String {
    "wake-up \(row.next - 1) was accepted, and the device has used none from \(quote.next) on"
  }

  private func quarantine(_ client: Client, _ detail: String) {
    queue.async { [self] in
      do { try registry.quarantine(client.address, because: detail) } catch {
        return logger.error("registry", metadata: ["reason": "\(error)"])
      }
      closeQuarantined(client, detail)
    }
  }

  /// The hints of `counters`, from a chain that has been moved `position` times.
  static func hints(
    after chain: borrowing Chain, from position: UInt32, _ counters: Range<UInt32>
  ) -> [(counter: UInt32, hint: UInt64)] {
    guard !counters.isEmpty else { return [] }
    var chain = Chain(copying: chain)
    var step = ChainStep()
    defer {
      chain.wipe()
      step.wipe()
    }
    chain.skip(counters.lowerBound - position)
    var hints: [(counter: UInt32, hint: UInt64)] = []
    for counter in counters {
      chain.advance(&step)
      hints.append((counter, step.hint))
    }
    return hints
  }
}

extension Suspension {
  fileprivate func quote(of row: SuspendedRow) -> Quote? {
    [active, pending].compactMap(\.self).first { $0.name == row.name }
  }
}
