// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// What the server tells devices: policies, revocations, rotations and orders, as they are now.
public protocol StatementRegistry: DeviceRecords {
  /// A value that changes whenever another process, or this one, has changed the registry. Cheap enough to read every 100 ms.
  func changeCounter() throws(RegistryError) -> Int64

  /// All policies, or those that concern one system; including denials, because devices must hear of them.
  func policies(concerning system: SystemID?) throws(RegistryError) -> [Policy]

  /// Whether devices of `from` may open conversations with devices of `to` now. Always true within one system.
  func allows(from: SystemID, to: SystemID) throws(RegistryError) -> Bool

  /// The statements of rotations that still matter and are numbered above `sequence`, in order: of all devices, or of those that
  /// a system's devices may meet. If one system has more than `limit`, the latest of them: no system's rotations hide another's.
  func rotations(
    since sequence: UInt32, for system: SystemID?, limit: Int
  ) throws(RegistryError) -> [RotationStatement]

  /// Revocations numbered above `sequence` that still matter, in order: all of them, or those that a system's devices must
  /// know, which are its own and those of every system that a policy links with it.
  func revocations(
    since sequence: UInt32, for system: SystemID?
  ) throws(RegistryError) -> [RevocationStatement]

  /// Every order that waits, so that a server can pass new ones on to devices that are online.
  func orders() throws(RegistryError) -> [DeviceOrder]
}
