// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// The tree of symmetric keys under the server's root: root, system, device. Every step is HKDF (RFC 5869) under its own label,
/// in the manner of NIST SP 800-108r1, so that no key can be mistaken for another.
public enum DerivedKeys<H: Hash.Function> {
  /// Length of the random input that a rotation may bring, in bytes.
  public static var rotationInputLength: Int { 32 }

  /// K_system: the key of a customer's system, which never leaves the server.
  public static func system(_ system: SystemID, root: borrowing SecretBytes<32>, into key: inout SecretBytes<32>) {
    var info = Bytes<4>()
    var target = info.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint32(system.rawValue)
    _ = consume writer
    derive("countersign-v1 system key", from: root, info.bytes, into: &key)
  }

  /// K_shared: the key that scheme `shared-key` gives to every device of a system. Every device has it, so it is derived
  /// separately from the devices' own keys: whoever extracts it from a device can compute none of those.
  ///
  /// - Parameter rotationInput: 32 random bytes that the server drew when it made this generation, or none.
  public static func shared(
    generation: Generation, rotationInput: RawSpan = RawSpan(), system: borrowing SecretBytes<32>,
    into key: inout SecretBytes<32>
  ) {
    precondition(rotationInput.byteCount <= rotationInputLength)
    var info = Bytes<35>()
    var target = info.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint8(UInt8(rotationInput.byteCount))
    writer.uint16(generation)
    writer.bytes(rotationInput)
    let length = writer.offset
    _ = consume writer
    derive("countersign-v1 shared key", from: system, info.bytes.extracting(0..<length), into: &key)
  }

  /// K_device = KDF(K_system, label, device, generation, rotation input): what schemes `derived-key` and those built on it
  /// give a device. Whoever has K_system can compute it at any time.
  ///
  /// - Parameter rotationInput: 32 random bytes that the server drew at the last rotation, or none.
  public static func device(
    _ device: DeviceID, generation: Generation, rotationInput: RawSpan = RawSpan(), system: borrowing SecretBytes<32>,
    into key: inout SecretBytes<32>
  ) {
    precondition(rotationInput.byteCount <= rotationInputLength)
    var info = Bytes<43>()
    var target = info.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint8(UInt8(rotationInput.byteCount))
    writer.uint64(device.rawValue)
    writer.uint16(generation)
    writer.bytes(rotationInput)
    let length = writer.offset
    _ = consume writer
    derive("countersign-v1 device key", from: system, info.bytes.extracting(0..<length), into: &key)
  }

  /// The next key of the hash ratchet, in place. There is no way back to the previous one.
  public static func ratchet(_ key: inout SecretBytes<32>) {
    var next = SecretBytes<32>()
    defer { next.wipe() }
    derive("countersign-v1 ratchet", from: key, RawSpan(), into: &next)
    key.copy(from: next.bytes)
  }

  /// PBKDF2-HMAC (RFC 8018, section 5.2) of K_system with a stored salt: what fleets reach for first. The key it starts from is
  /// already random, so the iterations stop no attacker; they only cost the server time.
  public static func stretched(
    system: borrowing SecretBytes<32>, salt: RawSpan, iterations: Int, into key: inout SecretBytes<32>
  ) {
    precondition(H.digestLength == 32 && iterations > 0)
    var keyed = Hash.HMAC<H>(key: system.bytes)
    var block = SecretBytes<32>()
    defer { block.wipe() }
    var bytes = block.mutableBytes
    var first = keyed
    first.update(salt)
    let index: StaticString = "\u{0}\u{0}\u{0}\u{1}"
    first.update(RawSpan(_unsafeStart: index.utf8Start, byteCount: 4))
    first.finalize(into: &bytes)
    var sum = SecretBytes<32>()
    defer { sum.wipe() }
    sum.copy(from: bytes.bytes)
    for _ in 1..<iterations {
      var next = keyed
      next.update(bytes.bytes)
      next.finalize(into: &bytes)
      sum.xor(bytes.bytes)
    }
    key.copy(from: sum.bytes)
    keyed.wipe()
  }

  private static func derive(
    _ label: StaticString, from key: borrowing SecretBytes<32>, _ info: RawSpan, into output: inout SecretBytes<32>
  ) {
    var target = output.mutableBytes
    Hash.HKDF<H>.deriveKey(
      inputKeyMaterial: key.bytes, salt: RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount),
      info: info, into: &target)
  }
}

extension SecretBytes {
  mutating func xor(_ other: RawSpan) {
    var target = mutableBytes
    for index in 0..<count {
      let byte = target.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      let mask = other.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      target.storeBytes(of: byte ^ mask, toByteOffset: index, as: UInt8.self)
    }
  }
}
