// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto

  extension HandshakeMachine where K: ~Copyable {
    /// A digest of every byte that decides how this state continues: equal digests, equal states. For tests of "a refused message
    /// leaves no trace".
    @_spi(Testing)
    public var stateDigest: [UInt8] {
      var hash = Hash.SHA256()
      hash.update(pattern.name.bytes)
      hash.update(symmetric.chainingKey.bytes)
      hash.update(symmetric.hash.bytes)
      hash.update(symmetric.cipher.key.bytes)
      hash.update(s.secretBytes)
      hash.update(e.secretBytes)
      hash.update(e.publicKey.bytes)
      hash.update(peer.psks.bytes)
      hash.update(peer.staticStatic.bytes)
      withUnsafeBytes(of: kem) { hash.update(RawSpan(_unsafeBytes: $0)) }
      let rest =
        "\(role) \(phase) \(index) \(symmetric.cipher.nonce) \(symmetric.cipher.isKeyed) \(hasS) \(hasE) "
        + "\(rs == nil) \(re == nil) \(ephemeralIsFixed) \(deferredPSKs) \(peer.known) \(peer.hasStaticStatic)"
      hash.update(Array(rest.utf8).span.bytes)
      hash.update((rs ?? X25519.PublicKey()).bytes)
      hash.update((re ?? X25519.PublicKey()).bytes)
      var digest = [UInt8](repeating: 0, count: Hash.SHA256.digestLength)
      var output = digest.mutableBytes
      hash.finalize(into: &output)
      return digest
    }

    /// Whether nothing of a KEM's key is left.
    @_spi(Testing)
    public var hasNoKEMKey: Bool { withUnsafeBytes(of: kem) { $0.allSatisfy { $0 == 0 } } }
  }
#endif
