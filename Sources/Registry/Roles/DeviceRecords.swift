// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Wire

/// What the registry knows of a device, and the state of the authority.
public protocol DeviceRecords: Sendable {
  func state() throws(RegistryError) -> AuthorityState

  func device(_ address: DeviceAddress) throws(RegistryError) -> RegisteredDevice?

  /// Retired devices are found too: see ``SymmetricDevice/isRetired``.
  func symmetricDevice(_ address: DeviceAddress) throws(RegistryError) -> SymmetricDevice?

  /// The applications of a system, or of all of them, by name. They are few.
  func applications(in system: SystemID?) throws(RegistryError) -> [RegisteredApplication]

  /// Why a device is in quarantine; nil when it is not.
  func quarantine(of address: DeviceAddress) throws(RegistryError) -> String?
}
