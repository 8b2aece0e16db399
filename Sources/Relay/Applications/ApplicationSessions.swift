// SPDX-License-Identifier: Apache-2.0

import Logging
import Mailbox
import Records
import Wire

/// Sessions that begin and end, and time that passes, at the desk for applications.
extension ApplicationDesk {
  /// An instance listens.
  func begin(_ client: Client) {
    requests.tellExpired(to: client)
    let queue =
      queues[client.address] ?? ApplicationQueue(client.address, self) { [goOnLater] in goOnLater(client.address) }
    queues[client.address] = queue
    use(client.address) { queue throws(RelayError) in try queue.begin(client) }
    sayCaughtUp(to: client)
  }

  func end(_ client: Client) {
    guard let queue = queues[client.address] else { return }
    use(client.address) { queue throws(RelayError) in try queue.end(client) }
    if queue.isIdle { queues[client.address] = nil }
  }

  /// An instance is ready for more.
  func take(_ client: Client) {
    use(client.address) { queue throws(RelayError) in try queue.take(client) }
  }

  func goOn(_ application: DeviceAddress) { use(application) { queue throws(RelayError) in try queue.goOn() } }

  /// A device has a session and knows of applications.
  func greet(_ client: Client) {
    let ids = try? mailbox.transaction { mail throws(MailboxError) in try mail.takeNotices(for: client.address) }
    let records = (ids ?? []).map { OutgoingRecord(.channel(.done($0))) }
    if !records.isEmpty { client.connection.send(records, written: nil) }
    if client.listens { requests.give(to: client, at: clock()) }
  }

  /// Once a second: leases and deadlines that have passed, and what others have changed in the mailbox.
  func tick() {
    let now = clock()
    requests.expire(at: now)
    for address in Array(queues.keys) { use(address) { queue throws(RelayError) in try queue.expireLeases(at: now) } }
    guard let changes = try? mailbox.otherChanges(), changes != otherChanges else { return }
    otherChanges = changes
    if let counts = try? mailbox.queueCounts() {
      metrics.queued.set(counts.waiting)
      metrics.deadLetters.set(counts.dead)
    }
    for address in Array(queues.keys) { use(address) { queue throws(RelayError) in try queue.lookAgain() } }
  }

  /// Drops what has waited for too long.
  func purge() throws(MailboxError) {
    let lost = try mailbox.purgeQueues(at: clock())
    metrics.reportsExpired.add(lost)
    metrics.queued.add(-lost)
    for queue in queues.values { for client in queue.clients { sayCaughtUp(to: client) } }
  }

  /// An application's instance may overwrite its earlier keys once no device has a channel to one of them.
  private func sayCaughtUp(to client: Client) {
    guard !client.isRetired,
      (try? mailbox.hasChannels(to: client.address, before: client.generation)) == false, client.tellCaughtUp()
    else { return }
    client.connection.send(.caughtUp)
  }

  func use(_ application: DeviceAddress, _ body: (ApplicationQueue) throws(RelayError) -> Void) {
    guard let queue = queues[application] else { return }
    do throws(RelayError) { try body(queue) } catch {
      logger.error("mailbox", metadata: ["reason": "\(error)"])
      // What they had is given to whoever comes next.
      for client in queue.clients { client.connection.close(.unavailable) }
      queues[application] = nil
    }
  }
}
