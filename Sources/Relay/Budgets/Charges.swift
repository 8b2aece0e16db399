// SPDX-License-Identifier: Apache-2.0

import Credentials
import Mailbox
import Wire

/// What each request of a device is charged as.
extension Relay {
  /// Charges for a record. Carry it out once the connection has rested, so that connecting again gains nothing.
  package func charge(_ action: RelayAction, to client: Client) -> Toll {
    let now = budgets.now()
    var (kind, bytes) = action.charge
    let weight = newWeight(action)
    if kind == .deposits, weight == nil { kind = nil }
    var toll = client.budget.charge(kind, bytes: bytes, at: now)
    toll.add(budgets.shares.charge(client.address.system, 1 + Double(bytes) / 4_096, at: now), .system)
    if let weight = weight.map({ $0 + MailboxLimits.rowCharge }) {
      if !client.budget.takeAssuredMail(weight, at: now) {
        toll.add(client.budget.chargeMail(weight, at: now), .mail)
        toll.isAffordable = budgets.takeMail(weight, of: client.address.system)
      }
    }
    if let budget = toll.budget { metrics.throttled.add(budget) }
    return toll
  }

  /// The bytes that an action asks to be kept; nil when it asks for none, or is refused at a glance.
  private func newWeight(_ action: RelayAction) -> Int? {
    switch action {
    case .deposit(let deposit): office.isFull(for: deposit) ? nil : deposit.weight
    case .report(let report): office.desk.isFull(for: report) ? nil : report.weight
    case .openChannel(let channel): max(channel.opening.count, MailboxLimits.smallestCharge)
    default: nil
    }
  }

  /// How many nanoseconds a connection must rest because its device has so much pending that more would hold up others.
  package func holdBack(_ client: Client) -> UInt64 {
    guard office.isCrowded(by: client.address) else { return 0 }
    metrics.throttled.add(.queue)
    return 1_000_000
  }

  /// How many sessions a device may have now.
  var sessionLimit: Int {
    router.count > limits.maximumConnections / 2 ? limits.device.sessionsUnderPressure : limits.device.sessions
  }

  /// How many nanoseconds a device that has proved itself must wait for its session; nil when that is too long.
  package func waitForSession(_ address: DeviceAddress) -> UInt64? {
    let wait = budgets[address].beginSession(at: budgets.now())
    if wait != 0 { metrics.throttled.add(.sessions) }
    return wait
  }

  /// Lets a request for a key or certificate wait for its turn.
  func enqueue(_ client: Client, _ body: @escaping @Sendable () -> Void) {
    if !keyLane.enqueue(client.address, limit: limits.renewalsAtOnce, body) { client.connection.close(.violation) }
  }

  /// Whether a frame may go to a device: anything but the opening of one conversation too many.
  func mayOpen(_ record: OutgoingRecord, _ client: Client, _ target: Client) -> Bool {
    guard record.opensConversation else { return true }
    if target.budget.takeOpening(from: client.address, at: budgets.now()) { return true }
    metrics.throttled.add(.openings)
    return false
  }
}

extension RelayAction {
  /// Whether it waits for the disk.
  package var isForMailbox: Bool {
    switch self {
    case .deposit, .delivered, .openChannel, .report, .taken, .queue: true
    default: false
    }
  }

  /// The budget of its own that it is charged to, if there is one, and its bytes.
  fileprivate var charge: (Budget?, Int) {
    switch self {
    case .route(_, _, let record): (nil, record.byteCount)
    case .lookUp: (.lookups, 0)
    case .deposit(let deposit): (.deposits, deposit.body.count)
    case .delivered: (.confirmations, 0)
    case .renew, .rekey, .request: (.keys, 0)
    case .openChannel(let channel): (.channels, channel.opening.count)
    case .report(let report): (.deposits, report.body.count)
    case .taken: (.confirmations, 0)
    case .queue(.request(let request)): (.requests, request.body.count)
    case .queue(.find): (.lookups, 0)
    case .queue(.replay): (.replays, 0)
    case .queue(.done(let sequences)): (nil, sequences.count * 8)
    default: (nil, 0)
    }
  }
}

extension OutgoingRecord {
  /// Whether this is the first frame of a conversation: one that costs its recipient a key agreement.
  fileprivate var opensConversation: Bool {
    // The type, the sender's address and session, and then the frame, whose first byte says which step it is.
    let place = Framing.headerLength + 17
    return frame.count > place && (frame[place] == 0x01 || frame[place] == 0x05)
  }
}
