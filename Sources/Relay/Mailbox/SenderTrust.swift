// SPDX-License-Identifier: Apache-2.0

import Credentials
import Registry
import Wire

/// Whether the owner still trusts the sender of a waiting message. The recipient's own list of revocations has a fixed size; the
/// server knows them all, and withholds what a revoked device has left behind.
struct SenderTrust {
  private let registry: any DeviceRecords
  /// What the registry has already answered: the newest revoked generation of each sender, 0 for none.
  private var revokedThrough: [DeviceAddress: Generation] = [:]

  init(_ registry: any DeviceRecords) { self.registry = registry }

  /// Whether a message is to be withheld: its number was drawn under a generation that is revoked now.
  mutating func isRevoked(_ sender: DeviceAddress, _ id: MessageID) throws(RegistryError) -> Bool {
    if let known = revokedThrough[sender] { return id.generation <= known }
    let keyed = try registry.device(sender)?.revokedThrough ?? 0
    let symmetric = try registry.symmetricDevice(sender)?.revokedThrough ?? 0
    revokedThrough[sender] = max(keyed, symmetric)
    return id.generation <= max(keyed, symmetric)
  }
}
