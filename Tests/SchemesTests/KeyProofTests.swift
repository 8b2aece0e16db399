// SPDX-License-Identifier: Apache-2.0

import FleetSupport
import CountersignCrypto
import Schemes
import Testing

@Suite("Proofs of keys")
final class KeyProofTests {
  let key = X25519.PrivateKey.random()
  let server = X25519.PrivateKey.random()
  let hash = (0..<32).map { UInt8($0) }

  private func accepts(_ proof: Bytes<16>, for key: X25519.PublicKey) -> Bool {
    var context = ProofContext()
    let hash = hash
    context.keep(server, hash.bytes)
    return context.accepts(proof, for: key)
  }

  private func proof(
    of key: borrowing X25519.PrivateKey, to ephemeral: X25519.PublicKey, in hash: [UInt8]
  ) throws(SchemesError) -> Bytes<16> {
    try KeyProof.make(for: key, serverEphemeral: ephemeral, handshakeHash: hash.bytes)
  }

  @Test("A proof holds for its key, its session and nothing else")
  func binding() throws {
    let made = try proof(of: key, to: server.publicKey, in: hash)
    #expect(accepts(made, for: key.publicKey))
    let other = X25519.PrivateKey.random()
    #expect(!accepts(made, for: other.publicKey))
    // Whoever knows the session and not the key has no proof of it.
    let others = try proof(of: other, to: server.publicKey, in: hash)
    #expect(!accepts(others, for: key.publicKey))
    for bit in 0..<128 {
      var changed = made
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!accepts(changed, for: key.publicKey))
    }
    var elsewhere = hash
    elsewhere[31] ^= 1
    let foreign = try proof(of: key, to: server.publicKey, in: elsewhere)
    #expect(!accepts(foreign, for: key.publicKey))
    var context = ProofContext()
    let before = context.accepts(made, for: key.publicKey)
    let hash = hash
    context.keep(server, hash.bytes)
    context.wipe()
    let after = context.accepts(made, for: key.publicKey)
    #expect(!before && !after)
  }

  @Test("Points of low order prove nothing")
  func lowOrder() throws {
    #expect(throws: SchemesError.malformed) {
      try proof(of: key, to: X25519.PublicKey(), in: hash)
    }
    #expect(!accepts(Bytes<16>(), for: X25519.PublicKey()))
  }

  @Test("It is what the reference says, computed in another way: HMAC-SHA256 under the shared secret, cut to 16 bytes")
  func reference() throws {
    let made = try proof(of: key, to: server.publicKey, in: hash)
    var shared = SecretBytes<32>()
    try server.agree(with: key.publicKey, into: &shared)
    let publicKey = key.publicKey
    let said = Array("countersign-v1 key proof".utf8) + hash + [UInt8](copying: publicKey.bytes)
    // HMAC by its definition.
    func pad(_ value: UInt8) -> [UInt8] {
      [UInt8](copying: shared.bytes).map { $0 ^ value } + [UInt8](repeating: value, count: 32)
    }
    func digest(_ bytes: [UInt8]) -> [UInt8] {
      var output = [UInt8](repeating: 0, count: 32)
      var span = output.mutableBytes
      Hash.SHA256.hash(bytes.bytes, into: &span)
      return output
    }
    let bytes = [UInt8](copying: made.bytes)
    #expect(bytes == Array(digest(pad(0x5C) + digest(pad(0x36) + said)).prefix(16)))
  }
}
