// SPDX-License-Identifier: Apache-2.0

import Credentials
import Mailbox
import Records
import Registry
import Schemes
import Wire

/// What devices ask for inside their sessions.
extension Relay {
  /// Carries out what follows from a frame of an authenticated device, whether or not it has been charged.
  func perform(_ action: RelayAction, for client: Client) { carryOut(action, for: client, charge(action, to: client)) }

  /// Carries out what follows from a frame of an authenticated device that has been charged for it.
  package func carryOut(_ action: RelayAction, for client: Client, _ toll: Toll) {
    guard !client.isSuperseded else { return }
    switch action {
    case .route(let to, let session, let record): route(record, from: client, to: to, session)
    case .lookUp(let address): lookUp(address, for: client)
    case .deposit(let deposit): take(deposit, from: client, isAffordable: toll.isAffordable)
    case .delivered(let sender, let id):
      // It gets nothing, and has nothing to confirm: anybody may hold its key.
      if !client.isRetired { office.delivered(to: client, from: sender, id: id) }
    case .renew(let key, let proof): enqueue(client) { self.renew(key, proof: proof, for: client) }
    case .rekey: enqueue(client) { self.rekey(client) }
    case .request(let point): enqueue(client) { self.issue(point, for: client) }
    case .pong: client.connection.send(.pong)
    case .suspend(let suspension, let start): suspend(client, suspension, start)
    case .openChannel(let channel): open(channel, from: client)
    case .report(let report): take(report, from: client, isAffordable: toll.isAffordable)
    case .taken(let application, let request):
      if !client.isRetired { office.submit(.taken(application: application, request: request), from: client) }
    case .queue(let action): perform(action, for: client)
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

  /// The certificate to which a device's messages are sealed: none for a device without a key pair; nil when there is no such
  /// device.
  func certificate(of address: DeviceAddress) -> Certificate?? {
    if let device = try? registry.device(address), device.floor >= .certified {
      return device.isRevoked ? .none : .some(device.certificate)
    }
    guard let device = try? registry.symmetricDevice(address), !device.isRevoked, !device.isRetired else {
      return .none
    }
    return .some(nil)
  }

  private func take(_ deposit: Deposit, from client: Client, isAffordable: Bool) {
    // A text that the server can read, for an application.
    if deposit.isOpen, fleet.application(deposit.recipient) != nil {
      return take(
        Report(
          application: deposit.recipient, sender: deposit.sender, id: deposit.id, channel: nil, milliseconds: 0,
          body: deposit.body), from: client, isAffordable: isAffordable)
    }
    let refusal: ServerRecord.Refusal? =
      if isOutdated(client) {
        .mayOnlyRenew
      } else if deposit.id.generation > client.generation {
        // A number of a future key, which this session's device cannot have drawn: the recipient would count it as used.
        .impossibleNumber
      } else if !fleet.allows(from: client.address.system, to: deposit.recipient.system) {
        .unknownRecipient
      } else if deposit.body.count > Message.maximumLength + (deposit.isOpen ? 0 : Message.sealedOverhead) {
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
}
