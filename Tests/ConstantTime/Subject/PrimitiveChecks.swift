// SPDX-License-Identifier: Apache-2.0

import Memcheck
@_spi(Testing) import CountersignCrypto

extension Report {
  mutating func checkComparison() {
    let a = secret()
    var same = SecretBytes<32>()
    same.copy(from: a.bytes)
    let other = secret()
    check("a leaky comparison", leaks: true) {
      a.bytes.withUnsafeBytes { left in
        other.bytes.withUnsafeBytes { right in
          _ = memcheck_leaky_equals(
            left.baseAddress?.assumingMemoryBound(to: UInt8.self),
            right.baseAddress?.assumingMemoryBound(to: UInt8.self), 32)
        }
      }
    }
    check("a leaky table", leaks: true) {
      _ = memcheck_leaky_lookup(a.bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
    }
    check("constantTimeEquals, different") { _ = constantTimeEquals(a.bytes, other.bytes) }
    check("constantTimeEquals, equal") { _ = constantTimeEquals(a.bytes, same.bytes) }
  }

  mutating func checkKeyHandling() {
    check("keys: copy, wipe, end") {
      let original = secret()
      var copy = try SecretBytes<32>(copying: original.bytes)
      copy.copy(from: original.bytes)
      copy.wipe()
    }
  }

  mutating func checkHash<H: Hash.Function>(_: H.Type) {
    let key = secret()
    check("\(H.noiseName) of a secret") {
      var digest = SecretBytes<64>()
      var bytes = digest.mutableBytes
      // Long enough for several blocks, and not a whole number of them.
      var state = H()
      for _ in 0..<9 { state.update(key.bytes) }
      state.update(key.bytes.extracting(0..<5))
      state.finalize(into: &bytes)
    }
    check("HMAC-\(H.noiseName)") {
      var code = SecretBytes<64>()
      var bytes = code.mutableBytes
      var state = Hash.HMAC<H>(key: key.bytes)
      state.update(key.bytes)
      state.finalize(into: &bytes)
    }
    check("HKDF-\(H.noiseName), Noise's") {
      var chainingKey = SecretBytes<64>()
      chainingKey.copy(from: key.bytes)
      var second = SecretBytes<64>()
      var third = SecretBytes<64>()
      Hash.HKDF<H>.expand(chainingKey: &chainingKey, inputKeyMaterial: key.bytes, into: &second, &third)
    }
    check("HKDF-\(H.noiseName), RFC 5869") {
      var output = SecretBytes<100>()
      var bytes = output.mutableBytes
      Hash.HKDF<H>.deriveKey(inputKeyMaterial: key.bytes, salt: key.bytes, info: RawSpan(), into: &bytes)
    }
  }

  mutating func checkDiffieHellman() {
    let key = secretKeyPair()
    let peer = X25519.PrivateKey.random().publicKey
    check("X25519 shared secret") {
      var shared = SecretBytes<32>()
      try key.agree(with: peer, into: &shared)
    }
    check("X25519 public key of a private key") {
      let bytes = secret()
      var key = X25519.PrivateKey()
      try key.load(bytes.bytes)
    }
    check("Ed25519 signature") {
      let seed = secret()
      let key = try Ed25519.PrivateKey(seed: seed.bytes)
      _ = key.signature(for: seed.bytes)
    }
  }

  mutating func checkMLKEM() {
    check("ML-KEM-768 key generation") {
      let seed = SecretBytes<64>.random()
      makeSecret(seed.bytes)
      var key = MLKEM768.PrivateKey()
      try key.load(seed: seed.bytes)
    }
    var key = MLKEM768.PrivateKey()
    key.generate()
    makeSecret(key.secretBytes)
    makePublic(key.publicKey)
    var ciphertext = Bytes<1088>()
    var bytes = ciphertext.mutableBytes
    check("ML-KEM-768 encapsulation") {
      let randomness = secret()
      var shared = SecretBytes<32>()
      try MLKEM768.encapsulate(to: key.publicKey, ciphertext: &bytes, into: &shared, randomness: randomness.bytes)
    }
    makePublic(bytes.bytes)
    check("ML-KEM-768 decapsulation") {
      var shared = SecretBytes<32>()
      try key.decapsulate(bytes.bytes, into: &shared)
    }
    check("ML-KEM-768 decapsulation of a forgery") {
      var forged = Bytes<1088>()
      var forgedBytes = forged.mutableBytes
      copyBytes(bytes.bytes, to: &forgedBytes)
      forgedBytes.storeBytes(
        of: ~bytes.bytes.unsafeLoad(fromByteOffset: 500, as: UInt8.self), toByteOffset: 500, as: UInt8.self)
      var shared = SecretBytes<32>()
      try key.decapsulate(forgedBytes.bytes, into: &shared)
    }
  }

  mutating func checkCipher<C: Cipher.Function>(_: C.Type) {
    let key = secret()
    var message = SecretBytes<300>()
    makeSecret(message.bytes)
    var bytes = message.mutableBytes
    check("\(C.noiseName) seal") {
      C.seal(inPlace: &bytes, key: key.bytes, nonce: 7, authenticating: key.bytes)
    }
    makePublic(bytes.bytes)
    check("\(C.noiseName) refuses a forgery") {
      var forged = SecretBytes<300>()
      var forgedBytes = forged.mutableBytes
      do {
        try C.open(inPlace: &forgedBytes, key: key.bytes, nonce: 7, authenticating: key.bytes)
        throw CryptoError.unavailable
      } catch CryptoError.authenticationFailed {}
    }
    check("\(C.noiseName) open") {
      try C.open(inPlace: &bytes, key: key.bytes, nonce: 7, authenticating: key.bytes)
    }
  }
}
