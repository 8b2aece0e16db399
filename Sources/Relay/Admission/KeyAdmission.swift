// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Noise
import Keyring
import Registry
import Schemes

/// Admits devices that show their key in the handshake, in its first message (Noise_IK) or in its third: with a certificate, by
/// an identity-based credential, or with a derived key beside it.
///
/// A certificate is checked, and compared with the registry's row; a key alone leads to the row. The derived key is that of the row's
/// generation.
final class KeyAdmission: Admission {
  private let context: AdmissionContext
  private var responder: Responder
  /// Whether the device shows its key in the handshake's third message.
  private var awaitsLast = false
  private var claimedKey: X25519.PublicKey?
  private var secret: StaticSecret?

  init(_ context: AdmissionContext, _ scheme: SchemeID) {
    self.context = context
    responder = Responder(scheme)
  }

  func receive(
    _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    guard !awaitsLast else { return try readLast(frame, &keys, &proof) }
    let claim = try readHello(frame)
    var claimant: Claimant?
    if let key = claim.publicKey {
      do throws(AdmissionRefusal) { claimant = try identify(key, claim.certificate) } catch {
        return try responder.turnAway(error, telling: try told(error, key, claim.certificate))
      }
    }
    awaitsLast = claimant == nil
    var reply = [UInt8](repeating: 0, count: responder.scheme.row.replyLength)
    var span = reply.mutableBytes
    do throws(SchemesError) {
      if let claimant, responder.scheme.row.hasKeyBeside { try giveKeyBeside(of: claimant) }
      _ = try responder.writeReply(into: &span, keys: &keys, proof: &proof)
    } catch { throw .unreadable }
    return AdmissionStep(reply: reply, claimant: claimant)
  }

  private func readHello(_ frame: RawSpan) throws(AdmissionRefusal) -> Responder.Claim {
    let context = context
    let isCached = responder.mixesStaticSharedSecret
    var secret: StaticSecret?
    let claim: Responder.Claim
    do throws(SchemesError) {
      claim = try responder.readHello(
        frame, key: context.authority.serverKey, master: context.authority.identityMaster.publicKey,
        reconstructing: { credential throws(NoiseError) in try context.key(of: credential) }
      ) { key, secrets throws(NoiseError) in
        guard isCached else { return }
        do {
          let found = try context.secrets.secret(for: key) ?? StaticSecret(context.authority.serverKey, key)
          secrets.setStaticSharedSecret(found.bytes)
          secret = found
        } catch { throw .lowOrderPoint }
      }
    } catch { throw .unreadable }
    self.secret = secret
    claimedKey = claim.publicKey
    return claim
  }

  private func readLast(
    _ frame: RawSpan, _ keys: inout SessionKeys, _ proof: inout ProofContext
  ) throws(AdmissionRefusal) -> AdmissionStep {
    let claim: Responder.Claim
    do { claim = try responder.readLast(frame, keys: &keys, proof: &proof) } catch { throw .unreadable }
    guard let key = claim.publicKey else { throw .unreadable }
    do throws(AdmissionRefusal) {
      return AdmissionStep(reply: [], claimant: try identify(key, claim.certificate))
    } catch {
      guard let reason = try told(error, key, claim.certificate) else { throw error }
      return AdmissionStep(refusal: error, telling: reason)
    }
  }

  /// What the holder of `key` is told. Without a certificate the key itself has led to the device.
  private func told(
    _ refusal: AdmissionRefusal, _ key: X25519.PublicKey, _ shown: Certificate?
  ) throws(AdmissionRefusal) -> SessionRefusal? {
    guard let shown else { return refusal.told }
    return try context.told(refusal, of: shown.fields.address, to: key)
  }

  private func giveKeyBeside(of claimant: Claimant) throws(SchemesError) {
    var key = SecretBytes<32>()
    defer { key.wipe() }
    context.authority.deriveKey(of: claimant.address, generation: claimant.generation, into: &key)
    try responder.setPSK(key)
  }

  func confirmed() {
    if let secret, let claimedKey { context.secrets.remember(secret, for: claimedKey) }
    secret = nil
  }

  /// Finds the registry's row and compares. A key that was replaced is let through to prove itself: see ``Relay``.
  private func identify(_ key: X25519.PublicKey, _ shown: Certificate?) throws(AdmissionRefusal) -> Claimant {
    do throws(AdmissionRefusal) { return try identifyCurrent(key, shown) } catch {
      guard error == .unknownKey || error == .unknownDevice,
        let retired = try context.retired(key, responder.scheme)
      else { throw error }
      return retired
    }
  }

  private func identifyCurrent(_ key: X25519.PublicKey, _ shown: Certificate?) throws(AdmissionRefusal) -> Claimant {
    let (device, certificate) = try find(key, shown)
    var claimant = Claimant(
      scheme: responder.scheme, address: certificate.fields.address, generation: certificate.fields.generation,
      lastEpoch: certificate.fields.lastEpoch, publicKey: key)
    claimant.credential = certificate.identityCredential
    do { _ = try claimant.keyStatus(in: device) } catch {
      // Continue all the same: once the device has proved its key, this is evidence and not a stranger's noise.
      guard error == .misissued else { throw error }
      return claimant
    }
    if responder.scheme.row.shown == .credential {
      // The key was computed from the credential, in this handshake or in one before.
      context.verified.insert(certificate)
    } else {
      try context.check(certificate)
    }
    return claimant
  }

  private func find(
    _ key: X25519.PublicKey, _ shown: Certificate?
  ) throws(AdmissionRefusal) -> (RegisteredDevice, Certificate) {
    let found: (RegisteredDevice, Certificate)?
    do {
      if let shown {
        found = try context.registry.device(shown.fields.address).map { ($0, shown) }
      } else {
        found = try context.registry.device(holding: key).map { ($0.device, $0.certificate) }
      }
    } catch { throw .unavailable }
    guard let found else { throw .unknownDevice }
    return found
  }
}

extension AdmissionContext {
  /// The key of a credential that is in the registry and was computed before; nil for another credential of a known device, and
  /// for one that is new here: a row alone is not trusted. Refuses strangers before anything is computed.
  fileprivate func key(of credential: IdentityCredential) throws(NoiseError) -> X25519.PublicKey? {
    guard let device = try? registry.device(credential.fields.address) else { throw .peerRefused }
    for case let known? in [device.certificate, device.pending] where known.identityCredential == credential {
      return verified.contains(known) ? known.publicKey : nil
    }
    return nil
  }
}
