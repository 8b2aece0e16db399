// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// How a ratchet is stored: its key, sealed by XChaCha20-Poly1305 under the authority's storage key: nonce (24), key and tag
/// (48). Address, generation and step are authenticated, so that no row can stand in for another.
extension Authority {
  private static let sealedLength = Cipher.XChaChaPoly.nonceLength + 32 + tagLength

  /// The sealed state of a ratchet whose `key` has been moved `step` times.
  public func sealRatchet(
    _ key: borrowing SecretBytes<32>, of address: DeviceAddress, generation: Generation, step: UInt32
  ) -> [UInt8] {
    let nonce = Self.randomBytes(Cipher.XChaChaPoly.nonceLength)
    let place = Self.place(address, generation, step)
    var ciphertext = [UInt8](repeating: 0, count: 32 + tagLength)
    var output = ciphertext.mutableBytes
    Cipher.XChaChaPoly.seal(
      key.bytes, into: &output, key: storageKey, nonce: nonce.bytes, authenticating: place.bytes)
    return nonce + ciphertext
  }

  func openRatchet(
    _ credential: SymmetricCredential, _ address: DeviceAddress, _ step: UInt32, into key: inout SecretBytes<32>
  ) throws(KeyringError) {
    let sealed = credential.material
    guard sealed.count == Self.sealedLength else {
      throw .corrupted("a ratchet's state has \(sealed.count) bytes")
    }
    let place = Self.place(address, credential.generation, step)
    var target = key.mutableBytes
    do {
      try Cipher.XChaChaPoly.open(
        sealed.bytes.extracting(Cipher.XChaChaPoly.nonceLength...), into: &target, key: storageKey,
        nonce: sealed.bytes.extracting(0..<Cipher.XChaChaPoly.nonceLength), authenticating: place.bytes)
    } catch { throw .corrupted("a ratchet's state does not open") }
  }

  private static func place(_ address: DeviceAddress, _ generation: Generation, _ step: UInt32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 18)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    address.encode(&writer)
    writer.uint16(generation)
    writer.uint32(step)
    _ = consume writer
    return bytes
  }
}
