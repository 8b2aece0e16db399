import Credentials
import Primitives
import Schemes

/// Who exists, with which key, generation and status. One engine is SQLite; another fits behind the same surface.
///
/// Every change is one transaction that also writes its audit row: after an error, or a crash, it has happened entirely or
/// not at all. Calls block; they may come from any thread. Reads see every committed change, also of other processes.
public protocol DeviceRegistry: Sendable {
  // MARK: The authority

  func state() throws(RegistryError) -> AuthorityState

  /// Changes its value whenever another process, or this one, has changed the registry. Cheap enough to ask every 100 ms.
  func changeCounter() throws(RegistryError) -> Int64

  /// Advances the epoch and signs it; standing policies are renewed with it.
  ///
  /// - Throws: ``RegistryError/epochsExhausted``.
  func advanceEpoch(by count: Epoch, issuer: AuthorityIssuer) throws(RegistryError) -> EpochStatement

  // MARK: Systems and policies

  func addSystem(named name: String) throws(RegistryError) -> RegisteredSystem
  func systems() throws(RegistryError) -> [RegisteredSystem]
  func system(named name: String) throws(RegistryError) -> RegisteredSystem?

  /// Lets devices of `from` open conversations with devices of `to`: until withdrawn, or through `lastEpoch`.
  ///
  /// The living revocations of both systems get new sequence numbers, for each side must now hear of the other's.
  func allow(
    from: SystemID, to: SystemID, through lastEpoch: Epoch?, issuer: AuthorityIssuer
  ) throws(RegistryError) -> PolicyStatement

  /// Withdraws a permission: the statement says that it ended in the epoch before this one.
  func deny(from: SystemID, to: SystemID, issuer: AuthorityIssuer) throws(RegistryError) -> PolicyStatement

  /// All policies, or those that concern one system; denials too, for devices must hear of them.
  func policies(concerning system: SystemID?) throws(RegistryError) -> [Policy]

  /// Whether devices of `from` may open conversations with devices of `to` now. Always true within one system.
  func allows(from: SystemID, to: SystemID) throws(RegistryError) -> Bool

  // MARK: Devices

  /// Registers devices, all or none, and certifies their keys as generation 1; in the order given.
  ///
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``, ``RegistryError/keyInUse``,
  ///   ``RegistryError/unusableKey``.
  func addDevices(_ devices: [NewDevice], issuer: AuthorityIssuer) throws(RegistryError) -> [Certificate]

  /// Gives a revoked device that has come back to the bench a new key, under the generation after all earlier ones.
  ///
  /// - Throws: ``RegistryError/deviceActive(_:)`` when it is not revoked, ``RegistryError/generationsExhausted(_:)`` when
  ///   it was revoked for good.
  func enrolAgain(_ device: NewDevice, issuer: AuthorityIssuer) throws(RegistryError) -> Certificate

  func device(_ address: DeviceAddress) throws(RegistryError) -> RegisteredDevice?

  /// Whose key this is, be it in use or pending. Revoked devices are found too: see ``RegisteredDevice/isRevoked``.
  func device(holding key: X25519.PublicKey) throws(RegistryError) -> KeyHolder?

  /// Devices in the order of their addresses, at most `limit`, beginning after `address`.
  func devices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [RegisteredDevice]

  func deviceCount(in system: SystemID?) throws(RegistryError) -> Int

  /// Raises the floor; a lower one changes nothing.
  func raiseFloor(of address: DeviceAddress, to floor: SchemeFloor) throws(RegistryError)

  /// The holders of keys that have this routing hint: see ``CompactHandshake``. Many keys may share one.
  ///
  /// - Parameter limit: how many keys at most. Where more share the hint, every call begins somewhere else, so that whoever
  ///   comes again is found in the end.
  func devices(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [KeyHolder]

  // MARK: Devices whose keys the server computes

  /// Registers a device of a scheme without key pairs. A call for a device that has never been used gives the same again, so
  /// that one which was cut off can be repeated.
  ///
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``,
  ///   ``RegistryError/unsuitableScheme(_:)``.
  func addSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice

  /// Retired devices are found too: see ``SymmetricDevice/isRetired``.
  func symmetricDevice(_ address: DeviceAddress) throws(RegistryError) -> SymmetricDevice?

  /// Whom a device's first frame may mean.
  func devices(named name: Bytes<8>, scheme: SchemeID) throws(RegistryError) -> [NamedDevice]
  /// The same from the first two bytes of a name, which many may share: see ``devices(hinted:limit:)``.
  func devices(namedFrom hint: UInt16, scheme: SchemeID, limit: Int) throws(RegistryError) -> [NamedDevice]

  /// Devices that are not retired, in the order of their addresses, at most `limit`, beginning after `address`.
  func symmetricDevices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [SymmetricDevice]

  /// Devices have proved sessions: stores the counter of each, takes a pending key into use, raises the floor. All of it is on
  /// the disk, by one commit, before the caller may act on any of the sessions. One that is refused leaves the others as they are.
  ///
  /// - Parameter toldEpoch: the epoch that `welcome` will tell them.
  /// - Returns: for each session the device as it is now, or why it is refused: ``RegistryError/staleCounter(_:)``,
  ///   ``RegistryError/belowFloor(_:)``, ``RegistryError/deviceRevoked(_:)``, ``RegistryError/unknownKey(_:)``.
  /// - Throws: when nothing could be stored.
  func accept(
    _ sessions: [SymmetricSession], toldEpoch: Epoch, authority: Authority
  ) throws(RegistryError) -> [Result<AcceptedSession, RegistryError>]

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

  /// Orders a device to move to another scheme; a later order takes the place of an earlier one, and one to the scheme that the
  /// device has calls it off.
  ///
  /// - Throws: ``RegistryError/belowFloor(_:)`` when that would be a way back, ``RegistryError/unsuitableScheme(_:)``.
  func orderMigration(to scheme: SchemeID, for address: DeviceAddress) throws(RegistryError)

  // MARK: Keys that change

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

  /// The pending key was used in an authenticated session: it is the key in use from now on, the old one is forgotten, an order to
  /// rotate is done, and a statement tells the device's peers. Repeating it changes nothing.
  ///
  /// - Throws: ``RegistryError/unknownKey(_:)`` when `key` is neither, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``.
  func promotePending(
    _ key: X25519.PublicKey, for address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError)

  /// The statements of rotations that still matter and are numbered above `sequence`, in order: of all devices, or of those that a
  /// system's devices may meet. Of more than `limit` of one system the latest: no system's rotations hide another's.
  func rotations(
    since sequence: UInt32, for system: SystemID?, limit: Int
  ) throws(RegistryError) -> [RotationStatement]

  // MARK: Identity-based credentials

  /// Takes the authority's master public key into a registry that has none.
  func learn(_ masterKey: MasterPublicKey) throws(RegistryError)

  /// Registers devices, all or none, with the identity-based credentials that were issued for them; any number of times with
  /// the same result.
  ///
  /// - Parameter enrolAgain: whether a revoked device gets its next generation instead of a new device its first.
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``, ``RegistryError/keyInUse``,
  ///   ``RegistryError/deviceActive(_:)``, or ``RegistryError/unexpectedGeneration(_:expected:)`` when the credential is not
  ///   the one that comes next.
  func record(_ issued: [IssuedCredential], enrolAgain: Bool) throws(RegistryError)

  /// What was recorded of an identity-based device's key in use; nil for a certificate.
  func issuedCredential(of address: DeviceAddress) throws(RegistryError) -> IssuedCredential?

  /// The credential of the key that an identity-based device shows: of its next one when the registry knows that, or else the one in
  /// use.
  func credential(
    of key: X25519.PublicKey, asked claim: SessionClaim
  ) throws(RegistryError) -> KeyAnswer<Certificate>

  /// Whether the device has ever used a key of a generation between two others.
  func wasInUse(
    between lower: Generation, and upper: Generation, of address: DeviceAddress
  ) throws(RegistryError) -> Bool

  /// Answers a session that asks for a blinded credential for its next key, any number of times with the same result while the
  /// credential is good. Another request while one waits is a second holder's: the device is in quarantine then.
  ///
  /// - Throws: ``RegistryError/superseded(_:)``, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``, ``RegistryError/unusableKey`` when the request is no point of the group,
  ///   ``RegistryError/tooManyKeys(_:retryAfter:)``, ``RegistryError/generationsExhausted(_:)``.
  func issue(
    request: Bytes<32>, asked claim: SessionClaim, authority: Authority
  ) throws(RegistryError) -> KeyAnswer<BlindedCredential>

  /// The generation that the device's next credential will have.
  func nextGeneration(of address: DeviceAddress) throws(RegistryError) -> Generation

  /// Writes evidence of misissuance into the audit record, once; whether it was new.
  func report(_ evidence: MisissuanceEvidence) throws(RegistryError) -> Bool

  // MARK: Books

  /// For which device and generation a key was certified, be it in use or long replaced.
  func issuance(of key: X25519.PublicKey) throws(RegistryError) -> Issuance?

  /// The keys that have this routing hint, those that were replaced too: see ``devices(hinted:limit:)``.
  func issuances(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [Issuance]

  /// Whether a certificate that somebody has met was issued by the books.
  func verdict(on certificate: Certificate) throws(RegistryError) -> IssuanceVerdict

  /// Two holders of a device's keys have shown themselves: neither gets a session until the owner has looked at it. Repeating it
  /// changes nothing.
  func quarantine(_ address: DeviceAddress, because detail: String) throws(RegistryError)

  /// Why a device is in quarantine; nil when it is not.
  func quarantine(of address: DeviceAddress) throws(RegistryError) -> String?

  /// Every device in quarantine, and why. They are few: somebody looks at each.
  func quarantines() throws(RegistryError) -> [DeviceAddress: String]

  /// The owner has looked at it: the holder of the key in use gets sessions again.
  func releaseFromQuarantine(_ address: DeviceAddress) throws(RegistryError)

  // MARK: Revocation

  /// Revokes `generation` and all before it; nil means every generation issued so far, the pending one included, and
  /// ``RevocationContent/everyGeneration`` those to come too. What is covered already changes nothing but
  /// the reason, when another one than ``RevocationReason/unspecified`` is given.
  ///
  /// When this covers the key in use, a pending key goes with it: it was certified at the request of a key no longer trusted.
  func revoke(
    _ address: DeviceAddress, through generation: Generation?, reason: RevocationReason, issuer: AuthorityIssuer
  ) throws(RegistryError) -> RevocationStatement

  /// Revocations numbered above `sequence` that still matter, in order: all of them, or those that a system's devices must
  /// know, which are its own and those of every system that a policy links with it.
  func revocations(
    since sequence: UInt32, for system: SystemID?
  ) throws(RegistryError) -> [RevocationStatement]

  // MARK: Orders

  /// Queues an order; one of a kind is enough.
  func order(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError)
  /// The orders that wait for a device. They stay until they are completed.
  func orders(for address: DeviceAddress) throws(RegistryError) -> [DeviceOrder]
  /// Every order that waits, so that a server can pass new ones on to devices that are online.
  func orders() throws(RegistryError) -> [DeviceOrder]
  func completeOrder(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError)

  // MARK: The record

  /// Audit entries numbered above `sequence`, oldest first, at most `limit`.
  func audit(since sequence: Int64, limit: Int) throws(RegistryError) -> [AuditEntry]
}

extension DeviceRegistry {
  /// Accepts one session.
  public func accept(
    _ session: SymmetricSession, toldEpoch: Epoch, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    try accept([session], toldEpoch: toldEpoch, authority: authority)[0].get().device
  }

  /// Registers one device.
  public func addDevice(_ device: NewDevice, issuer: AuthorityIssuer) throws(RegistryError) -> Certificate {
    try addDevices([device], issuer: issuer)[0]
  }
}
