// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Schemes
import Wire

/// What the owner of a fleet does: epochs, policies, revocations, orders; and what the owner looks at.
public protocol OwnersRegistry: DeviceRecords {
  /// Advances the epoch and signs it; standing policies are renewed with it.
  ///
  /// - Throws: ``RegistryError/epochsExhausted``.
  func advanceEpoch(by count: Epoch, issuer: AuthorityIssuer) throws(RegistryError) -> EpochStatement

  /// Lets devices of `from` open conversations with devices of `to`: until withdrawn, or through `lastEpoch`.
  ///
  /// The revocations still in force in both systems get new sequence numbers, because each side must now hear of the other's.
  func allow(
    from: SystemID, to: SystemID, through lastEpoch: Epoch?, issuer: AuthorityIssuer
  ) throws(RegistryError) -> PolicyStatement

  /// Withdraws a permission: the statement says that it ended in the epoch before this one.
  func deny(from: SystemID, to: SystemID, issuer: AuthorityIssuer) throws(RegistryError) -> PolicyStatement

  /// Devices in the order of their addresses, at most `limit`, beginning after `address`.
  func devices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [RegisteredDevice]

  func deviceCount(in system: SystemID?) throws(RegistryError) -> Int

  /// Devices that are not retired, in the order of their addresses, at most `limit`, beginning after `address`.
  func symmetricDevices(
    in system: SystemID?, after address: DeviceAddress?, limit: Int
  ) throws(RegistryError) -> [SymmetricDevice]

  /// Orders a device to move to another scheme; a later order replaces an earlier one, and an order for the scheme that the
  /// device has cancels it.
  ///
  /// - Throws: ``RegistryError/belowFloor(_:)`` when that would be a way back, ``RegistryError/unsuitableScheme(_:)``.
  func orderMigration(to scheme: SchemeID, for address: DeviceAddress) throws(RegistryError)

  /// Every device in quarantine, and why. They are few: somebody looks at each.
  func quarantines() throws(RegistryError) -> [DeviceAddress: String]

  /// The owner has decided: the holder of the key in use gets sessions again.
  func releaseFromQuarantine(_ address: DeviceAddress) throws(RegistryError)

  /// Revokes `generation` and all before it; nil means every generation issued so far, the pending one included, and
  /// ``RevocationContent/everyGeneration`` future ones too. A revocation that is already covered changes only the reason, if one
  /// other than ``RevocationReason/unspecified`` is given.
  ///
  /// When this covers the key in use, a pending key goes with it: it was certified at the request of a key no longer trusted.
  func revoke(
    _ address: DeviceAddress, through generation: Generation?, reason: RevocationReason, issuer: AuthorityIssuer
  ) throws(RegistryError) -> RevocationStatement

  /// Makes an application the one that its system's devices report to when they name no other.
  func makeDefault(_ address: DeviceAddress) throws(RegistryError)

  /// For how many seconds messages are kept, to be delivered again, after the application has them done.
  func keepDone(_ seconds: Int64, of address: DeviceAddress) throws(RegistryError)

  /// Revokes an application for good and frees its name.
  func removeApplication(_ address: DeviceAddress, issuer: AuthorityIssuer) throws(RegistryError) -> RevocationStatement

  /// Queues an order; a device has at most one of each kind.
  func order(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError)

  func completeOrder(_ kind: DeviceOrder.Kind, for address: DeviceAddress) throws(RegistryError)

  /// Audit entries numbered above `sequence`, oldest first, at most `limit`.
  func audit(since sequence: Int64, limit: Int) throws(RegistryError) -> [AuditEntry]

  /// Refuses a registry that is behind what was witnessed, or has diverged since: a restored one. If nothing was witnessed, the
  /// present state is.
  ///
  /// - Throws: ``RegistryError/behindWitness(changes:revocations:epochs:)``, ``RegistryError/contradictsWitness(change:)``.
  func checkAgainstWitness() throws(RegistryError)
}
