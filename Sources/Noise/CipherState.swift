// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// A key and a counter that encrypt one direction of a session (specification, section 5.1).
///
/// Without a key it refuses to work: it never passes plaintext through.
public struct CipherState<C: Cipher.Function>: ~Copyable, Sendable {
  /// The longest Noise message, tag included, in bytes (section 3).
  @inlinable public static var maximumMessageLength: Int { 65_535 }

  @usableFromInline var key: SecretBytes<32>
  /// The next nonce, n. Set it only for transports that carry the nonce in the message (SetNonce, section 5.1).
  public var nonce: UInt64
  @usableFromInline var isKeyed: Bool
  /// Messages that this state may process before it refuses; never more than 2^64 - 1, which is reserved.
  public var hardLimit: UInt64
  /// Messages after which ``needsRekey`` is true.
  public var softLimit: UInt64

  /// A state without a key: the place that ``HandshakeState/split(sending:receiving:)`` fills.
  @inlinable
  public init() {
    key = SecretBytes<32>()
    nonce = 0
    isKeyed = false
    hardLimit = .max
    softLimit = .max
  }

  /// A state with a key from elsewhere, n at zero.
  @inlinable
  public init(key bytes: borrowing SecretBytes<32>) {
    self.init()
    initializeKey(bytes.bytes)
  }

  /// Replaces the key in place, n at zero.
  @inlinable
  public mutating func setKey(_ bytes: borrowing SecretBytes<32>) {
    initializeKey(bytes.bytes)
  }

  /// Copies the key into the caller's place, for a protocol that keeps it across a restart with a rule of its own for nonces. Treat the
  /// copy like this state.
  @inlinable
  public borrowing func copyKey(to target: inout SecretBytes<32>) {
    precondition(isKeyed, "there is a key")
    target.copy(from: key.bytes)
  }

  /// Whether there is a key (HasKey).
  @inlinable public var hasKey: Bool { isKeyed }

  /// Whether the soft limit is reached: time to rekey or to make a new session.
  @inlinable public var needsRekey: Bool { nonce >= softLimit }

  @inlinable
  mutating func initializeKey(_ bytes: RawSpan) {
    key.copy(from: bytes.extracting(0..<32))
    nonce = 0
    isKeyed = true
  }

  /// Overwrites the key; the state refuses to work from here on.
  @inlinable
  public mutating func wipe() {
    key.wipe()
    isKeyed = false
  }

  /// Encrypts in place: all but the last 16 bytes of `message` are plaintext, the tag goes there. n advances by one.
  @inlinable
  public mutating func encrypt(
    inPlace message: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) {
    try checkLength(message.byteCount)
    try checkNonce(nonce)
    C.seal(inPlace: &message, key: key.bytes, nonce: nonce, authenticating: associatedData)
    nonce &+= 1
  }

  /// Verifies and decrypts in place; the plaintext is all but the last 16 bytes. n advances by one, only on success.
  @inlinable
  public mutating func decrypt(
    inPlace message: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) {
    try checkLength(message.byteCount)
    try checkNonce(nonce)
    do {
      try C.open(inPlace: &message, key: key.bytes, nonce: nonce, authenticating: associatedData)
    } catch { throw .decryptionFailed }
    nonce &+= 1
  }

  /// Encrypts `plaintext` into the start of `message` and returns the length written: 16 more than the plaintext's.
  @inlinable
  public mutating func encrypt(
    _ plaintext: RawSpan, into message: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) -> Int {
    let length = plaintext.byteCount &+ tagLength
    try checkLength(length)
    try checkNonce(nonce)
    guard message.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    C.seal(plaintext, into: &message, key: key.bytes, nonce: nonce, authenticating: associatedData)
    nonce &+= 1
    return length
  }

  /// Verifies `message`, decrypts it into the start of `plaintext` and returns the length written.
  @inlinable
  public mutating func decrypt(
    _ message: RawSpan, into plaintext: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) -> Int {
    let length = try decrypt(message, into: &plaintext, at: nonce, authenticating: associatedData)
    nonce &+= 1
    return length
  }

  /// Decrypts under an explicit nonce and leaves n alone, for messages that arrive out of order (section 11.4).
  @inlinable
  public borrowing func decrypt(
    _ message: RawSpan, into plaintext: inout MutableRawSpan, at nonce: UInt64, authenticating associatedData: RawSpan
  ) throws(NoiseError) -> Int {
    try checkLength(message.byteCount)
    try checkNonce(nonce)
    let length = message.byteCount - tagLength
    guard plaintext.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    do {
      try C.open(message, into: &plaintext, key: key.bytes, nonce: nonce, authenticating: associatedData)
    } catch { throw .decryptionFailed }
    return length
  }

  /// REKEY (section 4.2): the key becomes the first 32 bytes of encrypting 32 zeros under nonce 2^64 - 1. n is kept.
  @inlinable
  public mutating func rekey() throws(NoiseError) {
    guard hasKey else { throw .outOfTurn }
    var block = SecretBytes<48>()
    defer { block.wipe() }
    var bytes = block.mutableBytes
    C.seal(inPlace: &bytes, key: key.bytes, nonce: .max, authenticating: RawSpan())
    key.copy(from: bytes.bytes.extracting(0..<32))
  }

  @inlinable
  func checkLength(_ length: Int) throws(NoiseError) {
    guard length >= tagLength else { throw .messageTooShort }
    guard length <= Self.maximumMessageLength else { throw .messageTooLong }
  }

  @inlinable
  func checkNonce(_ nonce: UInt64) throws(NoiseError) {
    guard hasKey else { throw .outOfTurn }
    guard nonce < hardLimit else { throw .nonceExhausted }
  }
}
