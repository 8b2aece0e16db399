// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The hash ratchet of a suspended session: a generator that forgets (Bellare and Yee, 2003). Both sides start it from what the
/// handshake exports; each wake-up moves it one step, and there is no way back.
///
/// A step takes 128 bytes of ChaCha20's keystream under the chain's key: the next key (32), the key that seals the wake-up (32), the key
/// that seals its answer (32), the hint by which the server finds it (5), the context of a message inside it (8).
public struct Chain: ~Copyable {
  private var key = SecretBytes<32>()

  /// A place for a chain.
  public init() {}

  /// Starts the chain, its counter at 0.
  ///
  /// - Parameter export: what the handshake exports: ``SessionKeys/export``.
  public mutating func start(export: borrowing SecretBytes<32>) {
    var code = key.mutableBytes
    Self.derive("wake", export, into: &code)
  }

  /// The name of the suspended session that follows from what a handshake exports.
  public static func name(export: borrowing SecretBytes<32>) -> Bytes<8> {
    var code = SecretBytes<32>()
    defer { code.wipe() }
    var bytes = code.mutableBytes
    derive("tag", export, into: &bytes)
    var name = Bytes<8>()
    var target = name.mutableBytes
    copyBytes(code.bytes.extracting(0..<8), to: &target)
    return name
  }

  private static func derive(
    _ label: StaticString, _ export: borrowing SecretBytes<32>, into code: inout MutableRawSpan
  ) {
    var mac = Hash.HMAC<Hash.SHA256>(key: export.bytes)
    mac.update(RawSpan(_unsafeStart: label.utf8Start, byteCount: label.utf8CodeUnitCount))
    mac.finalize(into: &code)
  }

  /// Continues a chain that was stored: its key, 32 bytes.
  public mutating func load(_ key: RawSpan) { self.key.copy(from: key) }

  /// The same as another chain is now.
  public init(copying other: borrowing Chain) { copy(from: other) }

  /// Becomes the same as another chain is now.
  public mutating func copy(from other: borrowing Chain) { key.copy(from: other.key.bytes) }

  /// The chain's key, to be stored.
  public func withKey<Result>(_ body: (borrowing SecretBytes<32>) -> Result) -> Result { body(key) }

  /// Moves one step and leaves what belongs to the counter before it in `step`.
  public mutating func advance(_ step: inout ChainStep) {
    var block = step.block.mutableBytes
    Cipher.ChaCha20.keystream(into: &block, key: key.bytes)
    key.copy(from: step.block.bytes.extracting(0..<32))
  }

  /// Moves `count` steps.
  public mutating func skip(_ count: UInt32) {
    var step = ChainStep()
    defer { step.wipe() }
    for _ in 0..<Int(count) { advance(&step) }
  }

  /// Overwrites the key.
  public mutating func wipe() { key.wipe() }
}

/// What belongs to one wake-up: its keys, and the hint in it.
public struct ChainStep: ~Copyable {
  /// The next key, then what this step is for.
  var block = SecretBytes<128>()

  /// A place for a step.
  public init() {}

  /// Overwrites the keys.
  public mutating func wipe() { block.wipe() }

  /// The key of the wake-up, used once.
  public var sealingKey: RawSpan {
    @_lifetime(borrow self)
    borrowing get { part(32, 32) }
  }

  /// The key of its answers.
  public var answerKey: RawSpan {
    @_lifetime(borrow self)
    borrowing get { part(64, 32) }
  }

  /// The hint, 5 bytes as a number.
  public var hint: UInt64 {
    let bytes = part(96, 5)
    var hint: UInt64 = 0
    for index in 0..<5 { hint = hint << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    return hint
  }

  /// What a message inside the wake-up binds itself to, 8 bytes.
  public var context: RawSpan {
    @_lifetime(borrow self)
    borrowing get { part(101, 8) }
  }

  @_lifetime(borrow self)
  private borrowing func part(_ start: Int, _ count: Int) -> RawSpan {
    _overrideLifetime(block.bytes.extracting(start..<start + count), borrowing: self)
  }
}
