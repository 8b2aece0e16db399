// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Wire

/// How a suspended session's chain is stored: its key, sealed by XChaCha20-Poly1305 under the authority's storage key: nonce (24), key and
/// tag (48). Address, generation, name and counter are authenticated, so that no row can stand in for another.
extension Authority {
  private static let sealedLength = Cipher.XChaChaPoly.nonceLength + 32 + tagLength

  /// The sealed key of a chain that has been moved `counter` times.
  package func sealChain(
    _ chain: borrowing Chain, of address: DeviceAddress, generation: Generation, name: Bytes<8>, counter: UInt32
  ) -> [UInt8] {
    var nonce = [UInt8](repeating: 0, count: Cipher.XChaChaPoly.nonceLength)
    var span = nonce.mutableBytes
    fillWithRandomBytes(&span)
    let place = Self.place(address, generation, name, counter)
    var ciphertext = [UInt8](repeating: 0, count: 32 + tagLength)
    var output = ciphertext.mutableBytes
    chain.withKey {
      Cipher.XChaChaPoly.seal(
        $0.bytes, into: &output, key: storageKey, nonce: nonce.bytes, authenticating: place.bytes)
    }
    return nonce + ciphertext
  }

  /// Opens what ``sealChain(_:of:generation:name:counter:)`` made.
  ///
  /// - Throws: ``KeyringError/corrupted(_:)``.
  package func openChain(
    _ sealed: [UInt8], of address: DeviceAddress, generation: Generation, name: Bytes<8>, counter: UInt32,
    into chain: inout Chain
  ) throws(KeyringError) {
    guard sealed.count == Self.sealedLength else {
      throw .corrupted("a suspended session's key has \(sealed.count) bytes")
    }
    let place = Self.place(address, generation, name, counter)
    var key = SecretBytes<32>()
    defer { key.wipe() }
    var target = key.mutableBytes
    do {
      try Cipher.XChaChaPoly.open(
        sealed.bytes.extracting(Cipher.XChaChaPoly.nonceLength...), into: &target, key: storageKey,
        nonce: sealed.bytes.extracting(0..<Cipher.XChaChaPoly.nonceLength), authenticating: place.bytes)
    } catch { throw .corrupted("a suspended session's key does not open") }
    chain.load(key.bytes)
  }

  private static func place(
    _ address: DeviceAddress, _ generation: Generation, _ name: Bytes<8>, _ counter: UInt32
  ) -> [UInt8] {
    // Longer than a ratchet's place under the same key, so that neither is the other's.
    var bytes = [UInt8](repeating: 0, count: 26)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    address.encode(&writer)
    writer.uint16(generation)
    writer.bytes(name.bytes)
    writer.uint32(counter)
    _ = consume writer
    return bytes
  }
}
