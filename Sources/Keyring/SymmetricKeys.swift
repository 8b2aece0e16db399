// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// The keys that follow from the root and a device's row.
extension Authority {
  /// Iterations of PBKDF2. OWASP asks for 600,000 where the input is a password; here it is a random key, and each handshake
  /// pays for all of them.
  public static let stretchingIterations = 10_000
  static let saltLength = 16

  /// Computes the key of a credential, with `derived-key-ratchet` as it stands at the last session.
  ///
  /// - Parameter step: the ratchet's step, the row's counter.
  /// - Throws: ``KeyringError/corrupted(_:)`` when a ratchet's state does not open.
  public func deriveKey(
    _ credential: SymmetricCredential, of address: DeviceAddress, step: UInt32 = 0, into key: inout SecretBytes<32>
  ) throws(KeyringError) {
    var system = SecretBytes<32>()
    defer { system.wipe() }
    DerivedKeys<Hash.SHA256>.system(address.system, root: derivationMaster, into: &system)
    switch credential.scheme.row.derivation {
    case .system where credential.material.count == Self.storedKeyLength:
      try openStoredKey(credential.material, of: .system(address.system, credential.generation), into: &key)
    case .device where credential.material.count == Self.storedKeyLength:
      try openStoredKey(credential.material, of: .device(address, credential.generation), into: &key)
    case .system:
      try check(credential, lengths: 0, 32)
      DerivedKeys<Hash.SHA256>.shared(
        generation: credential.generation, rotationInput: credential.material.bytes, system: system, into: &key)
    case .device:
      try check(credential, lengths: 0, 32)
      DerivedKeys<Hash.SHA256>.device(
        address.device, generation: credential.generation, rotationInput: credential.material.bytes, system: system,
        into: &key)
    case .stretched:
      try check(credential, lengths: Self.saltLength, Self.saltLength)
      DerivedKeys<Hash.SHA256>.stretched(
        system: system, salt: credential.material.bytes, iterations: Self.stretchingIterations, into: &key)
    case .ratchet: try openRatchet(credential, address, step, into: &key)
    case .none: throw .unsuitableScheme(credential.scheme)
    }
  }

  private func check(
    _ credential: SymmetricCredential, lengths a: Int, _ b: Int
  ) throws(KeyringError) {
    guard credential.material.count == a || credential.material.count == b else {
      throw .corrupted("a key's material has \(credential.material.count) bytes")
    }
  }

  /// The derived key of a generation that has no rotation input: the psk of `hybrid-ikpsk2`, whose generation is that of the
  /// device's own key, and the key of a ratchet's pseudonyms.
  public func deriveKey(of address: DeviceAddress, generation: Generation, into key: inout SecretBytes<32>) {
    var system = SecretBytes<32>()
    defer { system.wipe() }
    DerivedKeys<Hash.SHA256>.system(address.system, root: derivationMaster, into: &system)
    DerivedKeys<Hash.SHA256>.device(address.device, generation: generation, system: system, into: &key)
  }

  /// What a device gets: its key (32 bytes), followed by what names it. The caller wipes it.
  ///
  /// Only for a key that has not been used: a ratchet's first key is gone afterwards.
  public func encodeKey(
    _ credential: SymmetricCredential, of address: DeviceAddress
  ) throws(KeyringError) -> [UInt8] {
    var key = SecretBytes<32>()
    defer { key.wipe() }
    try deriveKey(credential, of: address, into: &key)
    var body = [UInt8]()
    body.reserveCapacity(64)
    key.bytes.withUnsafeBytes { body.append(contentsOf: $0) }
    let row = credential.scheme.row
    switch row.derivation {
    case .ratchet:
      deriveKey(of: address, generation: credential.generation, into: &key)
      key.bytes.withUnsafeBytes { body.append(contentsOf: $0) }
    case .stretched: body += credential.material.prefix(row.derivation.nameLength)
    case .none, .system, .device: break
    }
    return body
  }

  /// What a device in `epoch` shows in its first frame instead of its id; nil for a scheme that shows the id.
  package func name(_ credential: SymmetricCredential, of address: DeviceAddress, in epoch: Epoch) throws(KeyringError)
    -> Bytes<8>?
  {
    var key = SecretBytes<32>()
    defer { key.wipe() }
    switch credential.scheme.row.derivation {
    case .device: try deriveKey(credential, of: address, into: &key)
    case .ratchet: deriveKey(of: address, generation: credential.generation, into: &key)
    case .stretched:
      try check(credential, lengths: Self.saltLength, Self.saltLength)
      var name = Bytes<8>()
      for index in 0..<8 { name[index] = credential.material[index] }
      return name
    case .none, .system: return nil
    }
    return Pseudonym<Hash.SHA256>.make(for: epoch, key: key)
  }

  /// A new key for a device.
  ///
  /// - Parameter isFirst: whether it is the device's first, which needs no random input.
  package func newCredential(
    _ scheme: SchemeID, _ generation: Generation, of address: DeviceAddress, isFirst: Bool
  ) throws(KeyringError) -> SymmetricCredential {
    switch scheme.row.derivation {
    case .device:
      return SymmetricCredential(
        scheme: scheme, generation: generation, material: isFirst ? [] : Self.randomBytes(32))
    case .stretched:
      return SymmetricCredential(
        scheme: scheme, generation: generation, material: Self.randomBytes(Self.saltLength))
    case .ratchet:
      // The input is not kept: nobody can compute the ratchet's first key again.
      var key = SecretBytes<32>()
      defer { key.wipe() }
      var input = Self.randomBytes(32)
      defer { wipe(&input) }
      try deriveKey(
        SymmetricCredential(scheme: .derivedKey, generation: generation, material: input), of: address, into: &key)
      return SymmetricCredential(
        scheme: scheme, generation: generation,
        material: sealRatchet(key, of: address, generation: generation, step: 0))
    case .none, .system: throw .unsuitableScheme(scheme)
    }
  }

  package static func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableBytes
    fillWithRandomBytes(&span)
    return bytes
  }
}
