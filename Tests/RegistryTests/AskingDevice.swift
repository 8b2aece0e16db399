// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// A device that asks over a session under the key in use, as the relay would pass it on.
extension DeviceRegistry {
  func claim(_ address: DeviceAddress) throws -> SessionClaim {
    if let device = try device(address), device.floor >= .certified {
      return SessionClaim(
        address: address, generation: device.generation, publicKey: device.certificate.publicKey)
    }
    guard let device = try symmetricDevice(address) else { throw RegistryError.unknownDevice(address) }
    return SessionClaim(address: address, generation: device.generation, publicKey: nil)
  }

  func renew(_ key: X25519.PublicKey, for address: DeviceAddress, issuer: AuthorityIssuer) throws -> Certificate {
    try granted(renew(key, proof: .valid, asked: claim(address), issuer: issuer))
  }

  func certifySuccessor(
    _ key: X25519.PublicKey, of address: DeviceAddress, issuer: AuthorityIssuer
  ) throws -> Certificate {
    try certifySuccessor(key, proof: .none, asked: claim(address), issuer: issuer)
  }

  func stageKey(for address: DeviceAddress, authority: Authority) throws -> SymmetricCredential {
    try stageKey(asked: claim(address), authority: authority)
  }

  func issue(
    request: Bytes<32>, for address: DeviceAddress, authority: Authority
  ) throws -> BlindedCredential {
    try granted(issue(request: request, asked: claim(address), authority: authority))
  }

  private func granted<Granted>(_ answer: KeyAnswer<Granted>) throws -> Granted {
    switch answer {
    case .granted(let granted): granted
    case .settled: throw NotGranted(reason: nil)
    case .quarantined(let reason): throw NotGranted(reason: reason)
    }
  }
}

/// The registry has not given what was asked for.
struct NotGranted: Error, Equatable {
  /// Why the device is in quarantine; nil when there was nothing to give.
  let reason: String?
}
