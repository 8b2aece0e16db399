// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Transport over datagrams that may be lost, duplicated or reordered (specification, section 11.4).
///
/// Each message carries its nonce in front, 8 bytes big-endian; a window of at least 2,048 counters refuses repeats.
public struct DatagramTransport<C: Cipher.Function>: ~Copyable, Sendable {
  /// Bytes that a datagram has beyond its plaintext: the counter and the tag.
  public static var overhead: Int { 8 + tagLength }

  public var sending = CipherState<C>()
  public var receiving = CipherState<C>()
  @usableFromInline var window = ReplayWindow<33>()

  /// A transport without keys: ``HandshakeState/split(into:)`` fills it.
  public init() {}

  /// Writes one datagram to the start of `datagram` and returns its length.
  @inlinable
  public mutating func seal(
    _ plaintext: RawSpan, into datagram: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) -> Int {
    let length = plaintext.byteCount &+ Self.overhead
    guard length - 8 <= CipherState<C>.maximumMessageLength else { throw .messageTooLong }
    guard datagram.byteCount >= length else { throw .bufferTooSmall(needed: length) }
    let counter = sending.nonce
    var body = datagram.suffix(from: 8)
    _ = try sending.encrypt(plaintext, into: &body, authenticating: associatedData)
    datagram.storeBytes(of: counter.bigEndian, as: UInt64.self)
    return length
  }

  /// Verifies a datagram, writes its plaintext to the start of `plaintext` and returns the plaintext's length. The window
  /// moves only once the tag has verified.
  @inlinable
  public mutating func open(
    _ datagram: RawSpan, into plaintext: inout MutableRawSpan, authenticating associatedData: RawSpan = RawSpan()
  ) throws(NoiseError) -> Int {
    guard datagram.byteCount >= Self.overhead else { throw .messageTooShort }
    let counter = UInt64(bigEndian: datagram.unsafeLoadUnaligned(as: UInt64.self))
    guard counter < .max else { throw .nonceExhausted }
    guard window.isFresh(counter) else { throw .replayed }
    let length = try receiving.decrypt(
      datagram.extracting(8...), into: &plaintext, at: counter, authenticating: associatedData)
    window.accept(counter)
    return length
  }
}

extension HandshakeMachine where K: ~Copyable {
  /// ``split(sending:receiving:)`` into a datagram transport, whose window starts anew.
  @inlinable
  public mutating func split(into transport: inout DatagramTransport<C>) throws(NoiseError) {
    try split(sending: &transport.sending, receiving: &transport.receiving)
    transport.window = ReplayWindow()
  }
}
