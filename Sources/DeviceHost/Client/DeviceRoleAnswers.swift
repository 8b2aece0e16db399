// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Records
import Wire

/// What the server says about messages that were sent.
extension DeviceRole {
  /// How often a message is sealed anew for another key before it is given up.
  private static let maximumAttempts = 4
  /// How many peers' certificates are kept in a session.
  private static let maximumCertificateCount = 1024

  func receiveAnswer(_ event: SessionEvent) throws(DeviceHostError) {
    switch event {
    case .accepted(let id):
      guard let message = inFlight[id] else { return }
      guard message.outgoing.wantsDone else { return conclude(message, .success(receipt(message, id, .stored))) }
      unregister(message)
      message.later = nil
      awaitingDone[id] = message
    case .done(let id):
      if let message = awaitingDone[id] ?? inFlight[id] {
        conclude(message, .success(receipt(message, id, .delivered)))
      }
    case .refused(let id, let reason):
      if let message = inFlight[id] { refuse(message, reason) }
    case .later(let id, let seconds):
      guard let message = inFlight[id] else { return }
      message.later = seconds
      delay(message, .seconds(Int64(max(1, seconds))) * Double.random(in: 1...1.25))
    case .channelRefused(let channel, let reason):
      if refusals.count >= 64 { refusals = [:] }
      refusals[channel] = reason
      for file in channels.values { file.refuse(channel) }
    case .peer(let address, let presence, let certificate): try meet(address, presence, certificate)
    case .application(let isDefault, let certificate, let name):
      guard try isTrusted(certificate) else { return }
      applications[name] = certificate
      if isDefault { standardApplication = name }
    case .pong:
      knowsApplications = true
      waiting = awaitingApplications.filter { !$0.isOver } + waiting
      awaitingApplications = []
    default: break
    }
  }

  /// Whether it is an application's. A device without a key pair has only the server's word for it, as for everything.
  private func isTrusted(_ application: Certificate) throws(DeviceHostError) -> Bool {
    guard case .key(let store) = device.store else { return true }
    do throws(DeviceHostError) {
      try store.read { identity throws(DeviceError) in try identity.verify(application: application) }
      return true
    } catch {
      guard case .device(let reason) = error else { throw error }
      settings.onStatus?(.refused(from: application.fields.address, reason))
      return false
    }
  }

  private func receipt(_ message: PendingMessage, _ id: MessageID, _ outcome: Delivery.Outcome) -> Delivery {
    let route: ReceivedMessage.Route =
      switch message.outgoing.target {
      case _ where device.isSymmetric: .hopByHop
      case .device: .mailbox
      case .application, .answer: .channel
      }
    return Delivery(id: id, outcome: outcome, route: route)
  }

  private func delay(_ message: PendingMessage, _ time: Duration) {
    unregister(message)
    message.retryAt = .now + time
    delayed.append(message)
  }

  private func refuse(_ message: PendingMessage, _ reason: ServerRecord.Refusal) {
    let refusal = message.channel.flatMap { refusals[$0] }
    switch (message.outgoing.target, reason) {
    case (.device(let recipient), .unknownRecipient):
      return conclude(message, .failure(DeviceHostError.unknownPeer(recipient)))
    case (.device(let recipient), .staleCertificate): certificates[recipient] = nil
    case (_, .unknownChannel):
      if refusal == .unknownApplication {
        return conclude(message, .failure(DeviceHostError.channelRefused(.unknownApplication)))
      }
      if let channel = message.channel { for file in channels.values { file.refuse(channel) } }
    default: return conclude(message, .failure(DeviceHostError.notStored(reason)))
    }
    message.attempts += 1
    guard message.attempts < Self.maximumAttempts else {
      let error: DeviceHostError = refusal.map { .channelRefused($0) } ?? .notStored(reason)
      return conclude(message, .failure(error))
    }
    // At once where another key will do; otherwise when there may be one.
    guard refusal == nil else { return delay(message, .seconds(2)) }
    unregister(message)
    waiting.insert(message, at: 0)
  }

  /// The server has answered about a peer.
  private func meet(
    _ address: DeviceAddress, _ presence: ServerRecord.Presence, _ certificate: Certificate?
  ) throws(DeviceHostError) {
    let messages = (awaitingLookup.removeValue(forKey: address) ?? []).filter { !$0.isOver }
    guard let session, case .key(let store) = device.store else { return }
    do throws(DeviceHostError) {
      guard presence != .unknown else { throw .unknownPeer(address) }
      guard let certificate else { throw .unsealable(address) }
      guard certificate.fields.address == address else { throw .device(.subjectMismatch) }
      try store.read { identity throws(DeviceError) in
        do throws(CredentialsError) {
          try identity.trust.verify(certificate, isInitiator: false, isVouchedFor: true)
        } catch { throw .credentials(error) }
      }
      try (session as? DeviceClient)?.meet(certificate)
      if certificates.count >= Self.maximumCertificateCount { certificates = [:] }
      certificates[address] = certificate
      waiting = messages + waiting
    } catch {
      switch error {
      case .unsealable where settings.allowsHopByHop:
        for message in messages {
          guard let id = message.id else { continue }
          register(message)
          let body = message.outgoing.body
          try session.send(.open(to: address, id: id, body.bytes))
        }
      case .unsealable, .unknownPeer, .device:
        for message in messages { conclude(message, .failure(error)) }
      default: throw error
      }
    }
  }
}
