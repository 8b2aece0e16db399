import Credentials
import Noise
import Primitives
import Registry
import Schemes

/// Admits devices of `certified`, `registered` and `identity-based`: Noise_IK under a key of their own.
///
/// `certified` is checked against the certificate and the registry's row; `registered` finds the row by the key alone.
final class KeyAdmission: Admission {
  private let context: AdmissionContext
  private var responder = CertifiedResponder()
  private var claimedKey: X25519.PublicKey?
  private var secret: StaticSecret?

  init(_ context: AdmissionContext) {
    self.context = context
  }

  func receive(_ frame: RawSpan, keys: inout SessionKeys) throws(AdmissionRefusal) -> AdmissionStep {
    let context = context
    var secret: StaticSecret?
    let claim: CertifiedResponder.Claim
    do throws(SchemesError) {
      claim = try responder.readHello(
        frame, key: context.authority.serverKey, master: context.authority.identityMaster.publicKey,
        reconstructing: { credential throws(NoiseError) in try context.key(of: credential) }
      ) { key, secrets throws(NoiseError) in
        do {
          let found = try context.secrets.secret(for: key) ?? StaticSecret(context.authority.serverKey, key)
          secrets.setStaticSharedSecret(found.bytes)
          secret = found
        } catch { throw .lowOrderPoint }
      }
    } catch { throw .unreadable }
    self.secret = secret
    claimedKey = claim.publicKey
    let claimant = try identify(claim)
    var reply = [UInt8](repeating: 0, count: CertifiedHandshake.replyLength)
    var span = reply.mutableBytes
    do throws(SchemesError) {
      _ = try responder.writeReply(
        into: &span, sending: &keys.sending, receiving: &keys.receiving, keeping: { keys.proving.keep($0, $1) })
    } catch { throw .unreadable }
    return AdmissionStep(reply: reply, claimant: claimant)
  }

  func confirmed() {
    if let secret, let claimedKey { context.secrets.remember(secret, for: claimedKey) }
    secret = nil
  }

  /// Finds the registry's row and compares. A key that was replaced is let through to prove itself: see ``Relay``.
  private func identify(_ claim: CertifiedResponder.Claim) throws(AdmissionRefusal) -> Claimant {
    do throws(AdmissionRefusal) { return try identifyCurrent(claim) } catch {
      guard error == .unknownKey || error == .unknownDevice,
        let retired = try context.retired(claim.publicKey, claim.scheme)
      else { throw error }
      return retired
    }
  }

  private func identifyCurrent(_ claim: CertifiedResponder.Claim) throws(AdmissionRefusal) -> Claimant {
    let (device, certificate) = try find(claim)
    var claimant = Claimant(
      scheme: claim.scheme, address: certificate.fields.address, generation: certificate.fields.generation,
      lastEpoch: certificate.fields.lastEpoch, publicKey: claim.publicKey)
    claimant.credential = certificate.identityCredential
    do { _ = try claimant.standing(in: device) } catch {
      // Heard to the end all the same: once the device has proved its key, this is evidence and not a stranger's noise.
      guard error == .misissued else { throw error }
      return claimant
    }
    if claim.scheme == .identityBased {
      // The key was computed from the credential, in this handshake or in one before.
      context.verified.insert(certificate)
    } else {
      try context.check(certificate)
    }
    return claimant
  }

  private func find(
    _ claim: CertifiedResponder.Claim
  ) throws(AdmissionRefusal) -> (RegisteredDevice, Certificate) {
    let found: (RegisteredDevice, Certificate)?
    do {
      if let shown = claim.certificate {
        found = try context.registry.device(shown.fields.address).map { ($0, shown) }
      } else {
        found = try context.registry.device(holding: claim.publicKey).map { ($0.device, $0.certificate) }
      }
    } catch { throw .unavailable }
    guard let found else { throw .unknownDevice }
    return found
  }
}

extension AdmissionContext {
  /// The key of a credential that is the registry's and was computed before; nil for another credential of a known device, and
  /// for one that is new here: a row is not believed by itself. Refuses strangers before anything is computed.
  fileprivate func key(of credential: IdentityCredential) throws(NoiseError) -> X25519.PublicKey? {
    guard let device = try? registry.device(credential.fields.address) else { throw .peerRefused }
    for case let known? in [device.certificate, device.pending] where known.identityCredential == credential {
      return verified.contains(known) ? known.publicKey : nil
    }
    return nil
  }
}
