import CountersignCrypto
import Credentials

/// What sessions ask of the registry: certificates, credentials and keys that come next.
///
/// The session's key is held against the row in the transaction that answers.
public protocol RenewalRegistry: DeviceRecords {
  /// Makes the device's next key, of the scheme that it shall move to or of the one it has; any number of times the same. What the
  /// owner has not ordered is paid for: see ``KeyBudget``.
  ///
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceQuarantined(_:)``,
  ///   ``RegistryError/tooManyKeys(_:retryAfter:)``, ``RegistryError/generationsExhausted(_:)``.
  func stageKey(asked claim: SessionClaim, authority: Authority) throws(RegistryError) -> SymmetricCredential

  /// Certifies the key that a device has made because it was ordered to move to a scheme with key pairs. The device's old key
  /// serves until the new one has been used.
  ///
  /// - Throws: ``RegistryError/notOrdered(_:)``, and what ``renew(_:proof:asked:issuer:)`` throws.
  func certifySuccessor(
    _ key: X25519.PublicKey, proof: ShownProof, asked claim: SessionClaim, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate

  /// Answers a session that asks for a certificate for `key`, any number of times with the same result. The session's key is held
  /// against the row in the same transaction.
  ///
  /// - The key in use: the same generation, good for longer when the one it has is no longer fresh.
  /// - The pending key: likewise.
  /// - Any other, when none is pending: it becomes the pending key under a generation that no key had before. What the owner has
  ///   not ordered is paid for: see ``KeyBudget``.
  ///
  /// Whoever shows another key than a device could that goes by the rules is a second holder of its keys: the device is in
  /// quarantine then.
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

  /// The credential of the key that an identity-based device shows: of its next one when the registry knows that, or else the one in
  /// use.
  func credential(
    of key: X25519.PublicKey, asked claim: SessionClaim
  ) throws(RegistryError) -> KeyAnswer<Certificate>

  /// Answers a session that asks for a blinded credential for its next key, any number of times with the same result while the
  /// credential is good. Another request while one waits is a second holder's: the device is in quarantine then.
  ///
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``, ``RegistryError/unusableKey`` when the request is no point of the group,
  ///   ``RegistryError/tooManyKeys(_:retryAfter:)``, ``RegistryError/generationsExhausted(_:)``.
  func issue(
    request: Bytes<32>, asked claim: SessionClaim, authority: Authority
  ) throws(RegistryError) -> KeyAnswer<BlindedCredential>
}
