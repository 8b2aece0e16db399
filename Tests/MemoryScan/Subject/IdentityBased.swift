// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Seeded
import Wire

/// A device gets an identity-based credential, blinded, and opens a session with it; the issuer is in the same process.
///
///   live    the device has drawn its part, the issuer has its key
///   taken   the device has its key, and has written a first frame; the issuer has gone: the device's key and its DH with the server's
///           are all that is left
///   wiped   the device's key is overwritten
///   planted the issuer's seed is put back
@inline(never)
func playIssuing(seed: UInt64) throws {
  seeded_random(seed)
  var device = DeviceIdentity()
  try issue(to: &device)
  try open(&device)
  stage("taken", device.slotA.key.publicKey.bytes)
  device.clear()
  stage("wiped")
  plant(seed)
}

@inline(never)
private func issue(to device: inout DeviceIdentity) throws {
  var seed = SecretBytes<32>()
  seed.fillWithRandom()
  var master = try MasterKey(seed: seed.bytes)
  var serverKey = X25519.PrivateKey()
  serverKey.generate()
  let address = DeviceAddress(system: SystemID(1), device: DeviceID(7))
  device.create(
    address: address, anchor: Bytes(), serverKey: serverKey.publicKey, epoch: 1, scheme: .identityBased,
    master: master.publicKey)
  guard let request = device.requestPoint else { throw DeviceError.noUsableKey }
  stage("live")
  let fields = master.fields(for: address, generation: 1, lastEpoch: 9)
  try device.install(try master.issueBlinded(fields, request: request))
  master.wipe()
  seed.wipe()
  serverKey.wipe()
}

@inline(never)
private func open(_ device: inout DeviceIdentity) throws {
  try device.prepareSession()
  var link = ServerLink(scheme: .identityBased)
  var frame = Bytes<256>()
  var span = frame.mutableBytes
  _ = try link.writeHello(device, into: &span)
  link.close()
}
