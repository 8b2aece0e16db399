// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Synchronization

/// SHA-256 that counts its compressions. A copied state does not count again what it had already absorbed, as in HMAC.
struct CountingHash: Hash.Function {
  static var digestLength: Int { Hash.SHA256.digestLength }
  static var blockLength: Int { Hash.SHA256.blockLength }
  static var noiseName: StaticString { Hash.SHA256.noiseName }

  private var state = Hash.SHA256()
  private var buffered = 0

  init() {}

  mutating func update(_ data: RawSpan) {
    state.update(data)
    let total = buffered + data.byteCount
    buffered = total % Self.blockLength
    OperationCounter.add { $0.hashBlocks += Double(total / Self.blockLength) }
  }

  mutating func finalize(into digest: inout MutableRawSpan) {
    state.finalize(into: &digest)
    // Padding is one bit and an eight-byte length.
    OperationCounter.add { $0.hashBlocks += buffered + 9 > Self.blockLength ? 2 : 1 }
  }
}

/// ChaCha20-Poly1305 that counts its calls and bytes.
enum CountingCipher: Cipher.Function {
  static var noiseName: StaticString { Cipher.ChaChaPoly.noiseName }

  static func seal(
    _ plaintext: RawSpan, into ciphertext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
    authenticating associatedData: RawSpan
  ) {
    count(plaintext.byteCount + associatedData.byteCount)
    Cipher.ChaChaPoly.seal(plaintext, into: &ciphertext, key: key, nonce: nonce, authenticating: associatedData)
  }

  static func seal(
    inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
  ) {
    count(message.byteCount - tagLength + associatedData.byteCount)
    Cipher.ChaChaPoly.seal(inPlace: &message, key: key, nonce: nonce, authenticating: associatedData)
  }

  static func open(
    _ ciphertext: RawSpan, into plaintext: inout MutableRawSpan, key: RawSpan, nonce: UInt64,
    authenticating associatedData: RawSpan
  ) throws(CryptoError) {
    count(ciphertext.byteCount - tagLength + associatedData.byteCount)
    try Cipher.ChaChaPoly.open(ciphertext, into: &plaintext, key: key, nonce: nonce, authenticating: associatedData)
  }

  static func open(
    inPlace message: inout MutableRawSpan, key: RawSpan, nonce: UInt64, authenticating associatedData: RawSpan
  ) throws(CryptoError) {
    count(message.byteCount - tagLength + associatedData.byteCount)
    try Cipher.ChaChaPoly.open(inPlace: &message, key: key, nonce: nonce, authenticating: associatedData)
  }

  private static func count(_ bytes: Int) {
    OperationCounter.add {
      $0.aeadCalls += 1
      $0.aeadBytes += Double(bytes)
    }
  }
}

/// Where the counting primitives count: they are made by code that knows nothing of being counted.
enum OperationCounter {
  private static let counts = Mutex(OperationCounts())

  static func add(_ body: (inout OperationCounts) -> Void) { counts.withLock { body(&$0) } }
  static var current: OperationCounts { counts.withLock { $0 } }
}
