// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Logging
import Mailbox
import Records
import Registry
import Wire

/// Gives listening devices what waits for them. A listener first gets what waits, page by page, and is caught up when nothing is
/// left; from then on a message is passed on as soon as it has been stored.
///
/// Used on the post office's queue only.
final class MailDelivery {
  /// A device that listens, and how far it has got.
  private struct Listener {
    let client: Client
    var sequence: Int64 = 0
    /// Nothing waits beyond `sequence`: a deposit is passed on at once.
    var isCaughtUp = false
    /// The device has been told once that it is.
    var wasTold = false
  }

  private static let pageLength = 64
  private static let pageBytes = 256 << 10

  /// Asks that ``sendPage(to:)`` is called for a device, on the queue.
  var resume: @Sendable (Client) -> Void = { _ in }

  private let mailbox: any MailStore
  private let registry: any DeviceRecords
  private let metrics: RelayMetrics
  private let logger: Logger
  private let clock: @Sendable () -> Int64
  private var listeners: [DeviceAddress: Listener] = [:]

  init(
    _ mailbox: any MailStore, _ registry: any DeviceRecords, _ metrics: RelayMetrics, _ logger: Logger,
    _ clock: @escaping @Sendable () -> Int64
  ) {
    self.mailbox = mailbox
    self.registry = registry
    self.metrics = metrics
    self.logger = logger
    self.clock = clock
  }

  /// Gives a device what waits for it, and then what arrives.
  func begin(_ client: Client) {
    listeners[client.address] = Listener(client: client)
    sendPage(to: client)
  }

  func end(_ client: Client) {
    if listeners[client.address]?.client === client { listeners[client.address] = nil }
  }

  /// Sends a message that was just stored to its recipient, if that one listens and has everything before it.
  func passOn(_ deposit: Deposit, _ sequence: Int64) {
    guard let listener = listeners[deposit.recipient], listener.isCaughtUp else { return }
    let connection = listener.client.connection
    guard connection.isWritable else {
      // It reads more slowly than others write: it gets the rest in pages, each when the previous one has left.
      listeners[deposit.recipient]?.isCaughtUp = false
      resumeWhenWritten(listener.client)
      return
    }
    listeners[deposit.recipient]?.sequence = sequence
    connection.send([Self.record(from: deposit.sender, deposit.id, deposit.body, isOpen: deposit.isOpen)], written: nil)
  }

  private func resumeWhenWritten(_ client: Client, after records: [OutgoingRecord] = []) {
    client.connection.send(records, written: { [resume] in resume(client) })
  }

  func sendPage(to client: Client) {
    guard let listener = listeners[client.address], listener.client === client, !listener.isCaughtUp else { return }
    var mail: [WaitingMessage]
    let isLast: Bool
    do {
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

  /// Removes and drops messages from devices that are now revoked.
  private func withhold(_ mail: inout [WaitingMessage], from client: Client) throws(RelayError) {
    var trust = SenderTrust(registry)
    var kept: [WaitingMessage] = []
    var withheld: [WaitingMessage] = []
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
    try usingMailbox { () throws(MailboxError) in
      try mailbox.transaction { mail throws(MailboxError) in
        for message in withheld {
          _ = try mail.remove(for: client.address, from: message.sender, id: message.id, at: now)
        }
      }
    }
    metrics.mailWithheld.add(withheld.count)
    metrics.mailWaiting.add(-withheld.count)
    logger.notice(
      "mail_withheld",
      metadata: [
        "system": "\(client.address.system.rawValue)", "device": "\(client.address.device)",
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
