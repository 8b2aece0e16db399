// SPDX-License-Identifier: Apache-2.0

import Credentials
import Dispatch
import Logging
import Noise
import CountersignCrypto
import Keyring
import Records
import Registry
import Schemes
import Synchronization

/// What the relay does for devices whose keys the server computes.
extension Relay {
  /// A device has proved its claim. Its session's counter must be on the disk before it is welcomed, which takes a commit;
  /// devices that arrive while one is being written share the next.
  func arrive(_ arrival: Arrival) {
    let isFirst = arrivals.withLock { arrivals in
      arrivals.append(arrival)
      return arrivals.count == 1
    }
    if isFirst { queue.async { self.acceptArrivals() } }
  }

  /// Stores that these devices have proved their sessions: afterwards their first frames are worthless, and keys that they were
  /// given are in use.
  private func acceptArrivals() {
    let batch = arrivals.withLock { arrivals in
      let batch = arrivals
      arrivals = []
      return batch
    }
    do throws(RegistryError) {
      let state = try registry.state()
      let outcomes = try registry.accept(batch.map(\.session), toldEpoch: state.epoch, authority: authority)
      metrics.admissionCommits.add(1)
      for (arrival, outcome) in zip(batch, outcomes) { settle(arrival, outcome, state) }
    } catch {
      logger.error("registry", metadata: ["reason": "\(error)"])
      for arrival in batch { arrival.connection.close(.refused(.unavailable)) }
    }
  }

  private func settle(_ arrival: Arrival, _ outcome: Result<AcceptedSession, RegistryError>, _ state: AuthorityState) {
    do throws(RegistryError) {
      let accepted = try outcome.get()
      let client = Client(
        arrival.claimant, arrival.hello, number: router.nextNumber(), connection: arrival.connection,
        budget: budgets.open(arrival.claimant.address))
      if accepted.hasNewKey {
        metrics.promotions.add(1)
        log(.info, "key_promoted", client)
        tell(.rotated, of: client.address)
      }
      welcome(client, try firstRecords(for: client, arrival.hello, state))
      metrics.handshakes.add(.accepted)
    } catch {
      let refusal = AdmissionRefusal(error)
      if refusal == .unavailable { logger.error("registry", metadata: ["reason": "\(error)"]) }
      logRefusal(refusal, of: arrival.claimant.address)
      arrival.connection.close(.refused(refusal))
    }
  }

  /// What tells a device of an order; nothing when this session has been told, or has nothing to do with it.
  func records(of order: DeviceOrder, for client: Client) throws(RegistryError) -> [OutgoingRecord] {
    guard client.scheme.isSymmetric else {
      guard order.kind == .rotate, client.tell(of: order) else { return [] }
      // A device that has changed its key before keeps the old one for what waits, and makes no other meanwhile. A device that
      // does not listen would not learn otherwise when nothing waits.
      let maySpare = !client.listens && client.generation > 1 && office.isEmpty(for: client.address)
      return (maySpare ? [OutgoingRecord(.caughtUp)] : []) + [OutgoingRecord(.rotate)]
    }
    guard client.tell(of: order) else { return [] }
    if order.kind == .migrate, let scheme = order.scheme, !scheme.isSymmetric {
      let state = fleet.snapshot.state
      return [
        OutgoingRecord(
          .migrate(scheme: scheme, epoch: state.epoch, serverKey: state.serverKey, anchor: state.issuerKey))
      ]
    }
    return [try nextKey(of: client)]
  }

  /// The device's next key, which it has now or gets again.
  func nextKey(of client: Client) throws(RegistryError) -> OutgoingRecord {
    let credential = try registry.stageKey(asked: client.claim, authority: authority)
    var body = try usingKeys(try authority.encodeKey(credential, of: client.address))
    defer { wipe(&body) }
    log(.info, "key_given", client, ["generation": "\(credential.generation)"])
    return OutgoingRecord(
      .key(scheme: credential.scheme, generation: credential.generation, body.bytes))
  }

  /// The scheme that a device has or is to have, if that scheme has a derived key beside the key pair.
  func schemeWithKeyBeside(of client: Client) throws(RegistryError) -> SchemeID? {
    let scheme = client.scheme.isSymmetric ? try registry.symmetricDevice(client.address)?.migration : client.scheme
    return scheme?.row.hasKeyBeside == true ? scheme : nil
  }

  /// The derived key that goes with a certificate. Sent before the certificate: a device that has the latter can use it.
  func sendKeyBeside(_ certificate: Certificate, _ scheme: SchemeID, to client: Client) {
    var key = SecretBytes<32>()
    defer { key.wipe() }
    authority.deriveKey(of: client.address, generation: certificate.fields.generation, into: &key)
    client.connection.send(
      .key(scheme: scheme, generation: certificate.fields.generation, key.bytes))
  }
}

/// A device without a key pair that has proved itself and is not welcomed yet.
struct Arrival: Sendable {
  let claimant: Claimant
  let hello: DeviceRecord.Hello
  let connection: any RelayConnection

  init(_ claimant: Claimant, _ hello: DeviceRecord.Hello, _ connection: any RelayConnection) {
    self.claimant = claimant
    self.hello = hello
    self.connection = connection
  }

  var session: SymmetricSession {
    SymmetricSession(
      address: claimant.address, scheme: claimant.scheme, generation: claimant.generation, counter: claimant.counter,
      ratchet: claimant.ratchet, shownEpoch: hello.epoch)
  }
}

extension AdmissionRefusal {
  /// Why a session was not accepted.
  init(_ error: RegistryError) {
    switch error {
    case .staleCounter: self = .staleCounter
    case .belowFloor: self = .belowFloor
    case .deviceRevoked: self = .revoked
    case .unknownDevice: self = .unknownDevice
    case .unknownKey: self = .unknownKey
    default: self = .unavailable
    }
  }
}
