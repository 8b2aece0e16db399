// SPDX-License-Identifier: Apache-2.0

import CFirmware
import Device
import CountersignCrypto
import Wire
import Records

/// Loads the identity that the assembly line stored.
@inline(never)
func load(_ identity: inout DeviceIdentity) {
  let stored = Storage.bytes(0, DeviceIdentity.encodedLength)
  measure("load") { () throws(DeviceError) in try identity.load(stored) }
}

/// Stores a changed identity before the next message leaves, as every device must.
@inline(never)
func store(_ identity: inout DeviceIdentity) {
  guard identity.isDirty else { return }
  measure("store") { () throws(DeviceError) in
    var target = storedIdentity.mutableBytes
    identity.encode(into: &target)
    target.withUnsafeMutableBytes { hook_store(0, $0.baseAddress, $0.count) }
    wipe(&target)
  }
  identity.markStored()
}

/// The stored form on its way to flash.
nonisolated(unsafe) private var storedIdentity = Bytes<1280>()
