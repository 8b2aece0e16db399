// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Files with secrets, which are left out.
extension Inspection {
  init(deviceFile bytes: [UInt8], _ check: SignatureCheck) throws(DeviceError) {
    var identity = DeviceIdentity()
    try identity.load(bytes.bytes)
    self.init(kind: "device file")
    add("version", .number(Int(DeviceIdentity.fileVersion)))
    add("bytes", .number(DeviceIdentity.encodedLength))
    add("scheme", .text("\(identity.scheme)"))
    add("system", .number(Int(identity.address.system.rawValue)))
    add("device", .text(identity.address.device.description))
    add("server_key", .text(hexadecimal(identity.serverKey.bytes)))
    for index in identity.trust.anchors.indices {
      guard let anchor = identity.trust.anchors[index] else { continue }
      add(index == 0 ? "anchor" : "anchor_\(index + 1)", .text(hexadecimal(anchor.bytes)))
    }
    if let master = identity.trust.master { add("master_key", .text(hexadecimal(master.bytes.bytes))) }
    add("epoch", .number(Int(identity.trust.epoch)))
    add("revocations", .number(identity.trust.revocations.count))
    add("peers_met", .number(identity.trust.revocations.metCount))
    add("revocation_sequence", .number(Int(identity.revocationSequence)))
    add(slot: "slot_a", identity.slotA, check)
    add(slot: "slot_b", identity.slotB, check)
  }

  private mutating func add(slot name: String, _ slot: borrowing KeySlot, _ check: SignatureCheck) {
    add(name, .text("\(slot.state)"))
    // In place of a key a requested slot holds the secret of its request.
    guard slot.state != .empty, slot.state != .requested else { return }
    add("\(name)_public_key", .text(hexadecimal(slot.key.publicKey.bytes)))
    guard let certificate = slot.certificate else { return }
    add("\(name)_generation", .number(Int(certificate.fields.generation)))
    add("\(name)_last_epoch", .number(Int(certificate.fields.lastEpoch)))
    add("\(name)_signature", check.words(certificate))
    add("\(name)_credential", .text(certificate.kindInWords))
  }

  init(symmetricFile bytes: [UInt8]) throws(DeviceError) {
    var identity = SymmetricIdentity()
    try identity.load(bytes.bytes)
    self.init(kind: "device file without a key pair")
    add("version", .number(Int(SymmetricIdentity.fileVersion)))
    add("bytes", .number(SymmetricIdentity.encodedLength))
    add("scheme", .text(identity.scheme.name))
    add("system", .number(Int(identity.address.system.rawValue)))
    add("device", .text(identity.address.device.description))
    add("epoch", .number(Int(identity.epoch)))
    add(slot: "slot_a", identity.slotA)
    add(slot: "slot_b", identity.slotB)
    identity.clear()
  }

  private mutating func add(slot name: String, _ slot: borrowing SymmetricSlot) {
    add(name, .text("\(slot.state)"))
    guard slot.state != .empty else { return }
    add("\(name)_scheme", .text(slot.scheme.name))
    add("\(name)_generation", .number(Int(slot.generation)))
    add("\(name)_counter", .number(Int(slot.counter)))
  }

  init(keyFile bytes: [UInt8]) throws(RegistryError) {
    let file = try usingKeys(try KeyFile(decoding: bytes.bytes))
    self.init(kind: "authority key file")
    add("version", .number(Int(KeyFile.version)))
    add("bytes", .number(bytes.count))
    add("sealed", .flag(file.protection == .passphrase))
    guard let cost = file.cost else { return }
    add("argon2id_passes", .number(Int(cost.passes)))
    add("argon2id_kib", .number(Int(cost.memory)))
  }
}
