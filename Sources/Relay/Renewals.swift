// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Dispatch
import Keyring
import Logging
import Records
import Registry
import Schemes
import Wire

/// A device's next key: the registry checks what the device asks for in the transaction that acts, and the relay's queue answers.
///
/// If the registry refuses for now, the session continues under the key in use: a full disk or a used-up counter shuts nobody
/// out.
extension Relay {
  /// Certifies a key: the one in use again, or the next one.
  func renew(_ key: X25519.PublicKey, proof: ShownProof, for client: Client) {
    answer(client) { [self] () throws(RegistryError) in
      if client.scheme.isSymmetric {
        let certificate = try registry.certifySuccessor(
          key, proof: proof, asked: client.claim, issuer: authority.issuer)
        return try grant(certificate, to: client)
      }
      let answer =
        client.scheme.row.shown == .credential
        ? try registry.credential(of: key, asked: client.claim)
        : try registry.renew(key, proof: proof, asked: client.claim, issuer: authority.issuer)
      switch answer {
      case .granted(let certificate): try grant(certificate, to: client)
      case .settled: break
      case .quarantined(let reason): closeQuarantined(client, reason)
      }
    }
  }

  private func grant(_ certificate: Certificate, to client: Client) throws(RegistryError) {
    guard !client.isRetired, client.scheme.row.shown != .credential else {
      return client.connection.send(.certificate(certificate))
    }
    metrics.countCertificate(client.address.system)
    if let scheme = try schemeWithKeyBeside(of: client) { sendKeyBeside(certificate, scheme, to: client) }
    log(.info, "certificate_issued", client, ["generation": "\(certificate.fields.generation)"])
    client.connection.send(.certificate(certificate))
    guard certificate.publicKey == client.publicKey else { return }
    let wasOutdated = isOutdated(client)
    client.lastEpoch = certificate.fields.lastEpoch
    if wasOutdated && !isOutdated(client) && client.listens { office.begin(client) }
  }

  /// Answers a request for an identity-based credential. The device continues under the key of this session and uses the new one
  /// in its next.
  func issue(_ request: Bytes<32>, for client: Client) {
    guard client.scheme.row.shown == .credential else { return client.connection.close(.violation) }
    answer(client) { [self] () throws(RegistryError) in
      switch try registry.issue(request: request, asked: client.claim, authority: authority) {
      case .granted(let answer):
        metrics.countCertificate(client.address.system)
        log(.info, "credential_issued", client, ["generation": "\(answer.credential.fields.generation)"])
        client.connection.send(.credential(answer))
      case .settled: break
      case .quarantined(let reason): closeQuarantined(client, reason)
      }
    }
  }

  /// A device asks for its next key, in the schemes whose keys the server computes.
  func rekey(_ client: Client) {
    guard client.scheme.isSymmetric else { return client.connection.close(.violation) }
    answer(client) { [self] () throws(RegistryError) in
      client.connection.send([try nextKey(of: client)], written: nil)
    }
  }

  /// Runs what answers a request for a key on the relay's queue, and tells the device when there is none.
  private func answer(_ client: Client, _ body: @escaping @Sendable () throws(RegistryError) -> Void) {
    queue.async { [self] in
      guard !client.isSuperseded else { return }
      do throws(RegistryError) { try body() } catch { refuseKey(to: client, error) }
    }
  }

  private func refuseKey(to client: Client, _ error: RegistryError) {
    log(.warning, "key_refused", client, ["reason": "\(error)"])
    if let reason = CloseReason(keyRefusal: error) { return client.connection.close(reason) }
    guard client.knowsRotations else { return }
    client.connection.send(.keyRefused(KeyRefusal(error), retryAfter: error.retryAfter))
  }
}

extension CloseReason {
  /// Why a session ends after the registry refused its request for a key; nil when it continues.
  fileprivate init?(keyRefusal error: RegistryError) {
    switch error {
    case .deviceRevoked: self = .revoked
    case .deviceQuarantined: self = .quarantined
    case .superseded: self = .superseded
    case .keyInUse, .unusableKey, .belowFloor, .unknownDevice, .notOrdered: self = .violation
    default: return nil
    }
  }
}

extension KeyRefusal {
  fileprivate init(_ error: RegistryError) {
    switch error {
    case .tooManyKeys: self = .tooMany
    case .generationsExhausted: self = .exhausted
    case .unprovedKey: self = .unproved
    default: self = .unavailable
    }
  }
}

extension RegistryError {
  /// Seconds after which asking again may help; 0 if unknown.
  fileprivate var retryAfter: UInt32 {
    guard case .tooManyKeys(_, let seconds) = self else { return 0 }
    return UInt32(clamping: seconds)
  }
}
