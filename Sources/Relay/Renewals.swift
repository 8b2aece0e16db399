import Credentials
import Primitives
import Registry

/// A device's next key: what it asks for, judged and then answered on the relay's queue.
extension Relay {
  /// Certifies a key: the one in use again, or the next one.
  func renew(_ key: X25519.PublicKey, for client: Client) {
    guard client.beginRenewal(limit: limits.renewalsAtOnce) else { return client.connection.close(.violation) }
    queue.async { [self] in
      defer { client.endRenewal() }
      do throws(RegistryError) {
        if try isSettledAsFork(key, client) { return }
        if client.scheme == .identityBased {
          return client.connection.send(.certificate(try credential(of: key, client)))
        }
        let certificate =
          client.scheme.isSymmetric
          ? try registry.certifySuccessor(key, of: client.address, issuer: authority.issuer)
          : try registry.renew(key, for: client.address, issuer: authority.issuer)
        metrics.countCertificate(client.address.system)
        if try needsPSK(client) { sendPSK(of: certificate, to: client) }
        log(.info, "certificate_issued", client, ["generation": "\(certificate.fields.generation)"])
        client.connection.send(.certificate(certificate))
        guard key == client.publicKey else { return }
        let wasOutdated = isOutdated(client)
        client.lastEpoch = certificate.fields.lastEpoch
        if wasOutdated && !isOutdated(client) && client.listens { office.begin(client) }
      } catch {
        log(.warning, "renewal_failed", client, ["reason": "\(error)"])
        client.connection.close(CloseReason(error))
      }
    }
  }

  /// Answers a request for an identity-based credential. The device goes on under the key of this session and uses the new one
  /// in its next.
  func issue(_ request: Bytes<32>, for client: Client) {
    guard client.scheme == .identityBased, client.beginRenewal(limit: limits.renewalsAtOnce) else {
      return client.connection.close(.violation)
    }
    queue.async { [self] in
      defer { client.endRenewal() }
      do throws(RegistryError) {
        if try isSettledAsFork(request: request, client) { return }
        let answer = try registry.issue(request: request, for: client.address, authority: authority)
        metrics.countCertificate(client.address.system)
        log(.info, "credential_issued", client, ["generation": "\(answer.credential.fields.generation)"])
        client.connection.send(.credential(answer))
      } catch {
        log(.warning, "issuance_failed", client, ["reason": "\(error)"])
        switch error {
        case .deviceRevoked: client.connection.close(.revoked)
        case .unusableKey: client.connection.close(.violation)
        default: client.connection.close(.unavailable)
        }
      }
    }
  }
}
