// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CountersignCrypto

  // Messages as byte arrays, for host code that does not count allocations.

  extension HandshakeMachine where K: ~Copyable {
    /// A copy of ``handshakeHash``.
    public var handshakeHashBytes: [UInt8] { [UInt8](copying: handshakeHash) }

    /// The next message, with `payload`.
    public mutating func writeMessage(_ payload: [UInt8]) throws(NoiseError) -> [UInt8] {
      guard payload.count <= CipherState<C>.maximumMessageLength else { throw .messageTooLong }
      var message = [UInt8](repeating: 0, count: nextMessageOverhead + payload.count)
      var bytes = message.mutableBytes
      _ = try writeMessage(payload.bytes, into: &bytes)
      return message
    }

    /// The payload of the next message. See ``readMessage(_:into:resolving:)``.
    public mutating func readMessage(
      _ message: [UInt8],
      resolving: (X25519.PublicKey, inout PeerSecrets) throws(NoiseError) -> Void = { _, _ throws(NoiseError) in }
    ) throws(NoiseError) -> [UInt8] {
      var payload = [UInt8](repeating: 0, count: max(0, message.count - nextMessageOverhead))
      var bytes = payload.mutableBytes
      _ = try readMessage(message.bytes, into: &bytes, resolving: resolving)
      return payload
    }
  }

  extension CipherState {
    /// The next message: ciphertext and tag, 16 bytes more than the plaintext.
    public mutating func encrypt(
      _ plaintext: [UInt8], authenticating associatedData: [UInt8] = []
    ) throws(NoiseError) -> [UInt8] {
      guard plaintext.count <= Self.maximumMessageLength else { throw .messageTooLong }
      var message = [UInt8](repeating: 0, count: plaintext.count + tagLength)
      var bytes = message.mutableBytes
      _ = try encrypt(plaintext.bytes, into: &bytes, authenticating: associatedData.bytes)
      return message
    }

    /// The plaintext of the next message.
    public mutating func decrypt(
      _ message: [UInt8], authenticating associatedData: [UInt8] = []
    ) throws(NoiseError) -> [UInt8] {
      var plaintext = [UInt8](repeating: 0, count: max(0, message.count - tagLength))
      var bytes = plaintext.mutableBytes
      _ = try decrypt(message.bytes, into: &bytes, authenticating: associatedData.bytes)
      return plaintext
    }
  }
#endif
