// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry
import Schemes

/// What all admissions of a server share.
final class AdmissionContext: Sendable {
  let registry: any AdmissionRegistry
  let authority: Authority
  /// How many keys are tried for a first frame that does not say whose it is.
  let trialKeys: Int
  let secrets = StaticSecrets()
  let verified = VerifiedCertificates()
  let stretched = StretchedKeys()
  let ratchets: RatchetLines

  init(
    registry: any AdmissionRegistry, authority: Authority, trialKeys: Int, ratchets: RatchetLines = RatchetLines()
  ) {
    self.ratchets = ratchets
    self.registry = registry
    self.authority = authority
    self.trialKeys = trialKeys
  }

  /// Refuses a certificate, shown by a device or from the registry's row, that is not the owner's: one without the owner's
  /// signature, or with a credential that leads to another key.
  func check(_ certificate: Certificate) throws(AdmissionRefusal) {
    try verified.check(certificate, under: authority)
  }

  /// The holder of a key that another has replaced; it is let through to prove itself: see ``Relay``.
  func retired(_ key: X25519.PublicKey, _ scheme: SchemeID) throws(AdmissionRefusal) -> Claimant? {
    guard let issuance = try asking({ registry throws(RegistryError) in try registry.issuance(of: key) }),
      let device = try asking({ registry throws(RegistryError) in try registry.device(issuance.address) })
    else { return nil }
    var claimant = Claimant(
      scheme: scheme, address: issuance.address, generation: issuance.generation, lastEpoch: 0, publicKey: key)
    claimant.isRetired = true
    return (try? claimant.keyStatus(in: device)) == .retired ? claimant : nil
  }

  /// Asks the registry; any failure there counts as no answer.
  func asking<R>(_ body: (any AdmissionRegistry) throws(RegistryError) -> R) throws(AdmissionRefusal) -> R {
    do { return try body(registry) } catch { throw .unavailable }
  }
}
