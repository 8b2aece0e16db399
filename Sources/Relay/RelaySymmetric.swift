import Credentials
import Device
import Noise
import Primitives
import Registry
import Schemes

/// What the relay does for devices whose keys the server computes.
extension Relay {
  /// Stores that the device has proved this session: afterwards its first frame is worth nothing, and a key that was given to it
  /// is in use.
  func accept(
    _ claimant: Claimant, _ hello: DeviceRecord.Hello, _ state: AuthorityState, _ client: Client
  ) throws {
    let session = SymmetricSession(
      address: claimant.address, scheme: claimant.scheme, generation: claimant.generation, counter: claimant.counter,
      ratchet: claimant.ratchet)
    do throws(RegistryError) {
      let before = try registry.symmetricDevice(claimant.address)
      _ = try registry.accept(session, shownEpoch: hello.epoch, toldEpoch: state.epoch, authority: authority)
      if before?.generation != claimant.generation {
        metrics.promotions.add(1)
        log(.info, "key_promoted", client)
      }
    } catch {
      switch error {
      case .staleCounter: throw AdmissionRefusal.staleCounter
      case .belowFloor: throw AdmissionRefusal.belowFloor
      case .deviceRevoked: throw AdmissionRefusal.revoked
      case .unknownDevice: throw AdmissionRefusal.unknownDevice
      case .unknownKey: throw AdmissionRefusal.unknownKey
      default: throw error
      }
    }
  }

  /// What tells a device of an order; nil when this session has been told, or has nothing to do with it.
  func record(of order: DeviceOrder, for client: Client) throws(RegistryError) -> OutgoingRecord? {
    guard client.scheme.isSymmetric else {
      return order.kind == .rotate && client.tell(of: order) ? OutgoingRecord(.rotate) : nil
    }
    guard client.tell(of: order) else { return nil }
    if order.kind == .migrate, let scheme = order.scheme, !scheme.isSymmetric {
      let state = fleet.snapshot.state
      return OutgoingRecord(
        .migrate(scheme: scheme, epoch: state.epoch, serverKey: state.serverKey, anchor: state.issuerKey))
    }
    return try nextKey(of: client)
  }

  /// The device's next key, which it has now or gets again.
  private func nextKey(of client: Client) throws(RegistryError) -> OutgoingRecord {
    let credential = try registry.stageKey(for: client.address, authority: authority)
    var body = try authority.encodeKey(credential, of: client.address)
    defer { SecretFileIO.wipe(&body) }
    log(.info, "key_given", client, ["generation": "\(credential.generation)"])
    return OutgoingRecord(
      .key(scheme: credential.scheme, generation: credential.generation, body.bytes), bodyLength: body.count)
  }

  /// A device asks for its next key.
  func rekey(_ client: Client) {
    guard client.scheme.isSymmetric, client.beginRenewal(limit: limits.renewalsAtOnce) else {
      return client.connection.close(.violation)
    }
    queue.async { [self] in
      defer { client.endRenewal() }
      do throws(RegistryError) {
        client.connection.send([try nextKey(of: client)], written: nil)
      } catch {
        log(.warning, "renewal_failed", client, ["reason": "\(error)"])
        client.connection.close(CloseReason(error))
      }
    }
  }

  /// The derived key that goes with a certificate, in `hybrid-ikpsk2`. Sent before the certificate: a device that has the latter
  /// can use it.
  func sendPSK(of certificate: Certificate, to client: Client) {
    var key = SymmetricKey()
    defer { key.wipe() }
    authority.deriveKey(of: client.address, generation: certificate.fields.generation, into: &key)
    client.connection.send(
      .key(scheme: .hybridIKpsk2, generation: certificate.fields.generation, key.bytes))
  }
}

extension CloseReason {
  /// Why a session ends whose request the registry refused.
  init(_ error: RegistryError) {
    switch error {
    case .deviceRevoked: self = .revoked
    case .notOrdered, .belowFloor: self = .violation
    default: self = .unavailable
    }
  }
}
