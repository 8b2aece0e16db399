// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Keyring
import Schemes
import Wire

/// What a handshake asks of the registry, and what changes when a device has proved itself.
public protocol AdmissionRegistry: DeviceRecords {
  /// Whose key this is, whether in use or pending. Revoked devices are found too: see ``RegisteredDevice/isRevoked``.
  func device(holding key: X25519.PublicKey) throws(RegistryError) -> KeyHolder?

  /// Raises the floor; a lower one changes nothing.
  func raiseFloor(of address: DeviceAddress, to floor: SchemeFloor) throws(RegistryError)

  /// The holders of keys that have this routing hint: see ``RoutingHint``. Many keys may share one.
  ///
  /// - Parameter limit: how many keys at most. If more share the hint, every call begins somewhere else, so that a device that
  ///   comes again is eventually found.
  func devices(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [KeyHolder]

  /// Whom a device's first frame may mean.
  func devices(named name: Bytes<8>, scheme: SchemeID) throws(RegistryError) -> [NamedDevice]

  /// The same from the first two bytes of a name, which many may share: see ``devices(hinted:limit:)``.
  func devices(namedFrom hint: UInt16, scheme: SchemeID, limit: Int) throws(RegistryError) -> [NamedDevice]

  /// The keys that the device was given and that were taken back since, before their first use: it may hold one of them, and shows
  /// that first. They are told apart from keys that nobody has, so that the device can be told to go back to the one in use.
  func withdrawnKeys(of device: SymmetricDevice) throws(RegistryError) -> [SymmetricCredential]

  /// Devices have proved sessions: stores the counter of each, takes a pending key into use, raises the floor. All of it is on
  /// the disk, in one commit, before the caller may act on any of the sessions. A refused session does not affect the others.
  ///
  /// - Parameter toldEpoch: the epoch that `welcome` will tell them.
  /// - Returns: for each session the device as it is now, or why it is refused: ``RegistryError/staleCounter(_:)``,
  ///   ``RegistryError/belowFloor(_:)``, ``RegistryError/deviceRevoked(_:)``, ``RegistryError/unknownKey(_:)``.
  /// - Throws: when nothing could be stored.
  func accept(
    _ sessions: [SymmetricSession], toldEpoch: Epoch, authority: Authority
  ) throws(RegistryError) -> [Result<AcceptedSession, RegistryError>]

  /// The pending key was used in an authenticated session: it is now the key in use, the old one is forgotten, an order to rotate
  /// is done, and a statement tells the device's peers. Repeating it changes nothing.
  ///
  /// - Throws: ``RegistryError/unknownKey(_:)`` when `key` is neither, ``RegistryError/deviceRevoked(_:)``,
  ///   ``RegistryError/deviceQuarantined(_:)``.
  func promotePending(
    _ key: X25519.PublicKey, for address: DeviceAddress, issuer: AuthorityIssuer
  ) throws(RegistryError)

  /// Whether the device has ever used a key of a generation between two others.
  func wasInUse(
    between lower: Generation, and upper: Generation, of address: DeviceAddress
  ) throws(RegistryError) -> Bool

  /// Writes evidence of misissuance into the audit record, once; whether it was new.
  func report(_ evidence: MisissuanceEvidence) throws(RegistryError) -> Bool

  /// For which device and generation a key was certified, whether in use or long replaced.
  func issuance(of key: X25519.PublicKey) throws(RegistryError) -> IssuanceLine?

  /// The keys that have this routing hint, including replaced ones: see ``devices(hinted:limit:)``.
  func issuances(hinted hint: UInt16, limit: Int) throws(RegistryError) -> [IssuanceLine]

  /// Whether a certificate that somebody has met is in the issuance log.
  func verdict(on certificate: Certificate) throws(RegistryError) -> IssuanceVerdict

  /// Two holders of a device's keys have shown themselves: neither gets a session until the owner has decided. Repeating it
  /// changes nothing.
  func quarantine(_ address: DeviceAddress, because detail: String) throws(RegistryError)

  /// The orders that wait for a device. They stay until they are completed.
  func orders(for address: DeviceAddress) throws(RegistryError) -> [DeviceOrder]
}

extension AdmissionRegistry {
  /// Accepts one session.
  public func accept(
    _ session: SymmetricSession, toldEpoch: Epoch, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    try accept([session], toldEpoch: toldEpoch, authority: authority)[0].get().device
  }
}
