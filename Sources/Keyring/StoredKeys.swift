// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire
import CountersignCrypto

/// How the registry keeps a key that does not follow from the master key, because its devices had it before they came to this server:
/// sealed as a ratchet is, nonce (24), key and tag (48), in the place of the rotation input. Whose key it is is authenticated, so that no
/// row can stand in for another.
extension Authority {
  /// No rotation input is so long.
  package static let storedKeyLength = Cipher.XChaChaPoly.nonceLength + 32 + tagLength

  /// Whose key is stored, of which generation.
  package enum StoredKeyPlace {
    case system(SystemID, Generation)
    case device(DeviceAddress, Generation)

    fileprivate var bytes: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 15)
      var target = bytes.mutableBytes
      var writer = ByteWriter(&target)
      switch self {
      case .system(let system, let generation):
        writer.uint8(1)
        writer.uint32(system.rawValue)
        writer.uint16(generation)
      case .device(let address, let generation):
        writer.uint8(2)
        address.encode(&writer)
        writer.uint16(generation)
      }
      _ = consume writer
      return bytes
    }
  }

  package func sealStoredKey(_ key: borrowing SecretBytes<32>, of place: StoredKeyPlace) -> [UInt8] {
    let nonce = Self.randomBytes(Cipher.XChaChaPoly.nonceLength)
    let place = place.bytes
    var ciphertext = [UInt8](repeating: 0, count: 32 + tagLength)
    var output = ciphertext.mutableBytes
    Cipher.XChaChaPoly.seal(
      key.bytes, into: &output, key: storageKey, nonce: nonce.bytes, authenticating: place.bytes)
    return nonce + ciphertext
  }

  package func openStoredKey(
    _ sealed: [UInt8], of place: StoredKeyPlace, into key: inout SecretBytes<32>
  ) throws(KeyringError) {
    let place = place.bytes
    var target = key.mutableBytes
    do {
      try Cipher.XChaChaPoly.open(
        sealed.bytes.extracting(Cipher.XChaChaPoly.nonceLength...), into: &target, key: storageKey,
        nonce: sealed.bytes.extracting(0..<Cipher.XChaChaPoly.nonceLength), authenticating: place.bytes)
    } catch { throw .corrupted("a stored key does not open") }
  }
}
