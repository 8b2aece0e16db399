// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Keyring

/// What sessions ask of the registry: their next certificates, credentials and keys.
///
/// The session's key is checked against the row in the transaction that answers.
public protocol RenewalRegistry: DeviceRecords {
  /// Makes the device's next key, for the scheme that it is ordered to move to or the one it has; repeating it gives the same
  /// key. A key that the owner has not ordered counts against a budget: see ``KeyBudget``.
  ///
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceQuarantined(_:)``,
  ///   ``RegistryError/tooManyKeys(_:retryAfter:)``, ``RegistryError/generationsExhausted(_:)``.
  func stageKey(asked claim: SessionClaim, authority: Authority) throws(RegistryError) -> SymmetricCredential

  /// Certifies the key that a device has made because it was ordered to move to a scheme with key pairs. The device's old key
  /// works until the new one has been used.
  ///
  /// - Throws: ``RegistryError/notOrdered(_:)``, and what ``renew(_:proof:asked:issuer:)`` throws.
  func certifySuccessor(
    _ key: X25519.PublicKey, proof: ShownProof, asked claim: SessionClaim, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate

  /// Answers a session that asks for a certificate for `key`; repeating it gives the same result. The session's key is checked
  /// against the row in the same transaction.
  ///
  /// - The key in use: the same generation, with a later last epoch if its certificate is no longer fresh.
  /// - The pending key: likewise.
  /// - Any other, when none is pending: it becomes the pending key under a generation that no key had before. A key that the
  ///   owner has not ordered counts against a budget: see ``KeyBudget``.
  ///
  /// Whoever shows a key that a device following the rules could not show is a second holder of its keys: the device is then in
  /// quarantine.
  ///
  /// - Parameters:
  ///   - proof: whether the session has proved that it has the private key of `key`.
  ///   - claim: the session that asks.
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``, ``RegistryError/keyInUse``, ``RegistryError/unusableKey``,
  ///   ``RegistryError/unprovedKey(_:)``, ``RegistryError/tooManyKeys(_:retryAfter:)``,
  ///   ``RegistryError/generationsExhausted(_:)``.
  func renew(
    _ key: X25519.PublicKey, proof: ShownProof, asked claim: SessionClaim, issuer: AuthorityIssuer
  ) throws(RegistryError) -> KeyAnswer<Certificate>

  /// The credential of the key that an identity-based device shows: of its next one if the registry knows that, otherwise of the
  /// one in use.
  func credential(
    of key: X25519.PublicKey, asked claim: SessionClaim
  ) throws(RegistryError) -> KeyAnswer<Certificate>

  /// Answers a session that asks for a blinded credential for its next key; repeating it gives the same result while the
  /// credential is good. A different request while one waits comes from a second holder: the device is then in quarantine.
  ///
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``, ``RegistryError/unusableKey`` when the request is no point of the group,
  ///   ``RegistryError/tooManyKeys(_:retryAfter:)``, ``RegistryError/generationsExhausted(_:)``.
  func issue(
    request: Bytes<32>, asked claim: SessionClaim, authority: Authority
  ) throws(RegistryError) -> KeyAnswer<BlindedCredential>
}
