// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CountersignCrypto

  // A sealed message is the encapsulation of a key, then ChaCha20-Poly1305 of the text under that key, with nonce 0: each key is
  // drawn for one message.

  extension IBE {
    /// Seals a message to an identity. It has no authenticated sender: everybody can seal to everybody.
    ///
    /// - Parameters:
    ///   - associatedData: what the receiver must know too; it is not part of the message.
    ///   - sealed: its first `text.byteCount + 96` bytes are written.
    /// - Throws: ``IBEError/messageTooLong(limit:)`` above 64,000 bytes.
    public static func seal(
      _ text: RawSpan, to identity: Identity, under issuer: MasterPublicKey, authenticating associatedData: RawSpan,
      into sealed: inout MutableRawSpan
    ) throws(IBEError) {
      guard text.byteCount <= maximumMessageLength else { throw .messageTooLong(limit: maximumMessageLength) }
      precondition(sealed.byteCount >= text.byteCount + overhead)
      var key = SecretBytes<32>()
      defer { key.wipe() }
      encapsulate(to: identity, under: issuer, key: &key, into: &sealed)
      var body = sealed.suffix(from: encapsulationLength)
      Cipher.ChaChaPoly.seal(text, into: &body, key: key.bytes, nonce: 0, authenticating: associatedData)
    }
  }

  extension IBE.DeviceKey {
    /// Opens a message. Who sealed it, it does not say.
    ///
    /// - Parameter text: its first `sealed.byteCount - 96` bytes are written.
    /// - Throws: ``IBEError/cannotOpen``, whatever was wrong; `text` then holds nothing of the message.
    public func open(
      _ sealed: RawSpan, authenticating associatedData: RawSpan, into text: inout MutableRawSpan
    ) throws(IBEError) {
      let length = sealed.byteCount - IBE.overhead
      guard length >= 0, length <= IBE.maximumMessageLength else { throw .cannotOpen }
      precondition(text.byteCount >= length)
      var key = SecretBytes<32>()
      defer { key.wipe() }
      try decapsulate(sealed.extracting(..<IBE.encapsulationLength), into: &key)
      do {
        try Cipher.ChaChaPoly.open(
          sealed.extracting(IBE.encapsulationLength...), into: &text, key: key.bytes, nonce: 0,
          authenticating: associatedData)
      } catch { throw .cannotOpen }
    }
  }
#endif
