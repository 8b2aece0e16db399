// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What a party knows about its peer that never travels: the pre-shared keys and, when it is cached, the Diffie-Hellman of
/// both static keys.
///
/// A responder may fill it in during the handshake, once it has learned who its peer is.
public struct PeerSecrets: ~Copyable, Sendable {
  @usableFromInline var psks = SecretBytes<160>()
  @usableFromInline var known: UInt8 = 0
  @usableFromInline var staticStatic = SecretBytes<32>()
  @usableFromInline var hasStaticStatic = false

  @usableFromInline init() {}

  /// Gives the key of the modifier `psk<position>`.
  public mutating func setPSK(_ key: borrowing SecretBytes<32>, at position: Int) throws(NoiseError) {
    guard position >= 0, position < HandshakePattern.maximumPSKCount else {
      throw .surplusKey(.psk(position))
    }
    var target = psks.mutableBytes
    copyBytes(key.bytes, to: &target, at: 32 * position)
    known |= 1 << UInt8(position)
  }

  /// Sets DH(s, rs), so that the token `ss` costs nothing. It is used only for the peer of this handshake.
  public mutating func setStaticSharedSecret(_ shared: borrowing SecretBytes<32>) {
    staticStatic.copy(from: shared.bytes)
    hasStaticStatic = true
  }

  @inlinable
  func hasPSK(at position: Int) -> Bool { known & (1 << UInt8(position)) != 0 }

  @inlinable
  @_lifetime(borrow self)
  borrowing func psk(at position: Int) -> RawSpan {
    psks.bytes.extracting(32 * position..<32 * position + 32)
  }

  @usableFromInline
  mutating func wipe() {
    psks.wipe()
    staticStatic.wipe()
    known = 0
    hasStaticStatic = false
  }
}

extension PeerSecrets {
  /// Replaces this value, in place, by `other`: undoes what a refused message brought.
  @inlinable
  mutating func copy(from other: borrowing PeerSecrets) {
    psks.copy(from: other.psks.bytes)
    known = other.known
    staticStatic.copy(from: other.staticStatic.bytes)
    hasStaticStatic = other.hasStaticStatic
  }

  /// The lowest position of a key that a pattern with these `psk` positions does not mix.
  @inlinable
  func firstPSK(outside positions: UInt8) -> Int? {
    let surplus = known & ~positions
    return surplus == 0 ? nil : surplus.trailingZeroBitCount
  }
}
