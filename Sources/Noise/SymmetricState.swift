// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The chaining key, the handshake hash and the handshake's cipher (specification, section 5.2).
@usableFromInline
struct SymmetricState<C: Cipher.Function, H: Hash.Function>: ~Copyable, Sendable {
  @usableFromInline var cipher: CipherState<C>
  @usableFromInline var chainingKey: SecretBytes<64>
  /// h. It is not a secret, but here it has its own address, which ``handshakeHash`` hands out.
  @usableFromInline var hash: SecretBytes<64>

  @inlinable
  init() {
    cipher = CipherState()
    chainingKey = SecretBytes()
    hash = SecretBytes()
  }

  /// h, of HASHLEN bytes.
  @inlinable
  var handshakeHash: RawSpan {
    @_lifetime(borrow self)
    borrowing get { hash.bytes.extracting(0..<H.digestLength) }
  }

  /// InitializeSymmetric for `Noise_<pattern>_25519_<cipher>_<hash>`: a name of at most HASHLEN bytes is padded with
  /// zeros, a longer one is hashed. With a KEM, `+<KEM>` follows `25519`.
  @inlinable
  mutating func initialize<K: KEM & ~Copyable>(pattern name: borrowing PatternName, _: K.Type) {
    var buffer = Bytes<96>()
    var count = 0
    buffer.append("Noise_", at: &count)
    var bytes = buffer.mutableBytes
    copyBytes(name.bytes, to: &bytes, at: count)
    count += name.bytes.byteCount
    buffer.append(K.nameSection, at: &count)
    buffer.append(C.noiseName, at: &count)
    buffer.append("_", at: &count)
    buffer.append(H.noiseName, at: &count)

    hash.wipe()
    var digest = hash.mutableBytes
    if count <= H.digestLength {
      copyBytes(buffer.bytes.extracting(0..<count), to: &digest)
    } else {
      H.hash(buffer.bytes.extracting(0..<count), into: &digest)
    }
    chainingKey.copy(from: hash.bytes)
    cipher.wipe()
  }

  @inlinable
  mutating func mixKey(_ inputKeyMaterial: RawSpan) {
    var temporary = SecretBytes<64>()
    defer { temporary.wipe() }
    Hash.HKDF<H>.expand(chainingKey: &chainingKey, inputKeyMaterial: inputKeyMaterial, into: &temporary)
    // A 64-byte output is truncated to the 32 bytes of the cipher's key.
    cipher.initializeKey(temporary.bytes)
  }

  // Not inlined, here and in HandshakeMessages.swift: a caller would have the states of all its hashes on the stack, where a small
  // device has to go on to X25519.
  @inlinable @inline(never)
  mutating func mixHash(_ data: RawSpan) {
    var state = H()
    state.update(handshakeHash)
    state.update(data)
    var digest = hash.mutableBytes
    state.finalize(into: &digest)
  }

  @inlinable @inline(never)
  mutating func mixKeyAndHash(_ inputKeyMaterial: RawSpan) {
    var second = SecretBytes<64>()
    var third = SecretBytes<64>()
    defer {
      second.wipe()
      third.wipe()
    }
    Hash.HKDF<H>.expand(chainingKey: &chainingKey, inputKeyMaterial: inputKeyMaterial, into: &second, &third)
    mixHash(second.bytes.extracting(0..<H.digestLength))
    cipher.initializeKey(third.bytes)
  }

  /// EncryptAndHash: writes to the start of `output`, which has room, and returns the length written.
  @inlinable
  mutating func encryptAndHash(_ plaintext: RawSpan, into output: inout MutableRawSpan) throws(NoiseError) -> Int {
    let written: Int
    if cipher.hasKey {
      written = try cipher.encrypt(
        plaintext, into: &output, authenticating: hash.bytes.extracting(0..<H.digestLength))
    } else {
      written = plaintext.byteCount
      copyBytes(plaintext, to: &output)
    }
    mixHash(output.bytes.extracting(0..<written))
    return written
  }

  /// EncryptAndHash in place: the first `count` bytes of `output` are plaintext; a tag may follow them.
  @inlinable
  mutating func encryptAndHash(inPlace output: inout MutableRawSpan, count: Int) throws(NoiseError) {
    let written = count + (cipher.hasKey ? tagLength : 0)
    if cipher.hasKey {
      var message = output.prefix(written)
      try cipher.encrypt(inPlace: &message, authenticating: hash.bytes.extracting(0..<H.digestLength))
    }
    mixHash(output.bytes.extracting(0..<written))
  }

  /// DecryptAndHash: writes to the start of `output`, which has room, and returns the length written.
  @inlinable
  mutating func decryptAndHash(_ ciphertext: RawSpan, into output: inout MutableRawSpan) throws(NoiseError) -> Int {
    let written: Int
    if cipher.hasKey {
      written = try cipher.decrypt(
        ciphertext, into: &output, authenticating: hash.bytes.extracting(0..<H.digestLength))
    } else {
      written = ciphertext.byteCount
      copyBytes(ciphertext, to: &output)
    }
    mixHash(ciphertext)
    return written
  }

  /// Split: the first cipher state encrypts what the initiator sends, the second what the responder sends.
  @inlinable
  mutating func split(_ first: inout CipherState<C>, _ second: inout CipherState<C>) {
    var temporary = SecretBytes<64>()
    defer { temporary.wipe() }
    Hash.HKDF<H>.expand(chainingKey: &chainingKey, inputKeyMaterial: RawSpan(), into: &temporary)
    first.initializeKey(chainingKey.bytes)
    second.initializeKey(temporary.bytes)
    wipe()
  }

  /// Split with a third output of the same HKDF, which leaves the first two as they are.
  @inlinable
  mutating func split(
    _ first: inout CipherState<C>, _ second: inout CipherState<C>, export: inout SecretBytes<32>
  ) {
    var temporary = SecretBytes<64>()
    var third = SecretBytes<64>()
    defer {
      temporary.wipe()
      third.wipe()
    }
    Hash.HKDF<H>.expand(chainingKey: &chainingKey, inputKeyMaterial: RawSpan(), into: &temporary, &third)
    first.initializeKey(chainingKey.bytes)
    second.initializeKey(temporary.bytes)
    export.copy(from: third.bytes.extracting(0..<32))
    wipe()
  }

  /// Overwrites every secret; the handshake hash, which is public, stays for channel binding.
  @inlinable
  mutating func wipe() {
    chainingKey.wipe()
    cipher.wipe()
  }

  /// Replaces this state, in place, by `other`: undoes a failed message.
  @inlinable
  mutating func copy(from other: borrowing SymmetricState) {
    chainingKey.copy(from: other.chainingKey.bytes)
    hash.copy(from: other.hash.bytes)
    cipher.key.copy(from: other.cipher.key.bytes)
    cipher.nonce = other.cipher.nonce
    cipher.isKeyed = other.cipher.isKeyed
  }
}

extension Bytes {
  @inlinable
  mutating func append(_ text: StaticString, at count: inout Int) {
    for index in 0..<text.utf8CodeUnitCount {
      self[count] = text.utf8Start[index]
      count += 1
    }
  }
}
