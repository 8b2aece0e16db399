// SPDX-License-Identifier: Apache-2.0

import Credentials
import Dispatch
import Logging
import Mailbox
import Keyring
import Registry
import Wire

/// The server without its sockets, for code that must hold both ends of the wire: frames go in and out by hand. Sessions,
/// routing, mailbox and registry are the ones that `countersign serve` runs.
package final class InProcessRelay {
  let relay: Relay
  private let watch: RegistryWatch
  private var lines: [InProcessLine] = []

  /// - Parameter clock: seconds since 1970 by a clock that may be wrong: see ``MailClock``.
  package init(
    registry: any DeviceRegistry, authority: Authority, mailboxPath: String, limits: RelayLimits = RelayLimits(),
    admissions: Admissions? = nil, clock: @escaping @Sendable () -> Int64
  ) throws(RelayError) {
    let mailbox = try usingMailbox { () throws(MailboxError) in
      try SQLiteMailbox(path: mailboxPath, limits: limits.mailbox)
    }
    relay = try Relay(
      registry: registry, authority: authority, mailbox: mailbox, limits: limits,
      logger: Logger(label: "in-process") { _ in SwiftLogNoOpLogHandler() }, admissions: admissions, clock: clock)
    watch = RegistryWatch(relay)
  }

  /// A new connection.
  package func connect() -> InProcessLine {
    let line = InProcessLine(relay)
    lines.append(line)
    return line
  }

  /// Waits until nothing is pending.
  package func settle() {
    for _ in 0..<4 {
      for line in lines { line.settle() }
      relay.settle()
    }
    for line in lines { line.settle() }
  }

  /// How many transactions of the mailbox have reached the disk.
  package var mailboxCommits: Int { relay.metrics.mailboxCommits.value }

  /// Drops what has waited for too long, as the server does once a minute.
  package func purge() {
    relay.purge()
    settle()
  }

  /// Lets the server see what others have written into the registry.
  package func look() {
    relay.queue.sync { watch.look() }
    settle()
  }
}

/// One connection to an ``InProcessRelay``.
package final class InProcessLine: RelayConnection, @unchecked Sendable {
  private let relay: Relay
  private let loop = DispatchQueue(label: "countersign.line")
  // All belong to the loop.
  private let session: RelaySession
  private var client: Client?
  private var outbound: [[UInt8]] = []
  private var ending: CloseReason?
  private var accepted: [(from: DeviceAddress, record: [UInt8])] = []

  init(_ relay: Relay) {
    self.relay = relay
    session = RelaySession(admissions: relay.admissions, limits: relay.limits)
  }

  func settle() { loop.sync {} }

  /// What the server has sent since the last call, in order, without the frames' lengths.
  package func takeFrames() -> [[UInt8]] {
    loop.sync {
      defer { outbound = [] }
      return outbound
    }
  }

  /// Why the server hung up, in the words of its log; nil while it has not.
  package var closeReason: String? {
    loop.sync {
      if case .refused(let refusal)? = ending { return "refused: \(refusal.rawValue)" }
      return ending?.label
    }
  }

  /// The frames for other devices that the server has accepted from an authenticated device.
  package var routed: [(from: DeviceAddress, record: [UInt8])] { loop.sync { accepted } }

  /// A frame arrives at the server.
  package func arrive(_ frame: [UInt8]) {
    loop.sync {
      guard ending == nil else { return }
      perform(session.receive(frame))
    }
  }

  /// The network fails.
  package func cut() { loop.sync { end(.peer) } }

  private func perform(_ action: RelayAction) {
    switch action {
    case .none: break
    case .reply(let bytes): outbound.append(bytes)
    case .turnAway(let bytes, let refusal):
      outbound.append(bytes)
      end(.refused(refusal))
    case .begin(let claimant, let hello): relay.begin(claimant, hello, on: self)
    case .close(let reason): end(reason)
    default:
      guard let client else { return }
      if case .route(_, _, let record) = action, !relay.isOutdated(client) {
        accepted.append((client.address, record.frame))
      }
      relay.perform(action, for: client)
    }
  }

  private func end(_ reason: CloseReason) {
    guard ending == nil else { return }
    ending = reason
    if let frame = session.farewell(reason) { outbound.append(frame) }
    session.close()
    if let client { relay.end(client) }
    client = nil
  }

  // MARK: RelayConnection

  package func welcome(_ client: Client, _ records: [OutgoingRecord]) {
    loop.async { [self] in
      guard ending == nil else { return relay.end(client) }
      self.client = client
      write(records)
      for frame in session.welcome(number: client.number) { perform(session.receive(frame)) }
    }
  }

  package func send(_ records: [OutgoingRecord], written: (@Sendable () -> Void)?) {
    loop.async { [self] in
      write(records)
      written?()
    }
  }

  package func close(_ reason: CloseReason) { loop.async { self.end(reason) } }

  package var isWritable: Bool { true }

  private func write(_ records: [OutgoingRecord]) {
    for record in records {
      guard let frame = session.seal(record) else { return }
      outbound.append(Array(frame.dropFirst(2)))
    }
  }
}
