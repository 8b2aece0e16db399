// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Two bytes before the first message by which the server finds the keys to try, for radios on which every byte costs.
///
/// Some keys share a hint, so the server may have to try several: that costs a few hashes for each derived key and two
/// multiplications for each key pair. The hint of a key pair never changes: an eavesdropper can tell most devices of a small
/// fleet apart.
public enum RoutingHint {
  /// Bytes of a hint.
  public static let length = 2

  /// The hint of a device's key: under it the server's registry indexes the key. Not inlined: the handshake needs its stack.
  @inline(never)
  public static func of(_ key: X25519.PublicKey) -> UInt16 {
    var hash = Hash.SHA256()
    let label: StaticString = "countersign-v1 routing hint"
    hash.update(label)
    hash.update(key.bytes)
    var digest = Bytes<32>()
    var bytes = digest.mutableBytes
    hash.finalize(into: &bytes)
    return UInt16(digest[0]) << 8 | UInt16(digest[1])
  }

  /// ``of(_:)-(X25519.PublicKey)`` as it is sent.
  public static func bytes(of key: X25519.PublicKey) -> Bytes<2> {
    let hint = of(key)
    var bytes = Bytes<2>()
    bytes[0] = UInt8(hint >> 8)
    bytes[1] = UInt8(truncatingIfNeeded: hint)
    return bytes
  }

  /// The hint of a pseudonym: its start.
  public static func of(_ pseudonym: Bytes<8>) -> UInt16 { UInt16(pseudonym[0]) << 8 | UInt16(pseudonym[1]) }

  /// The hint of a first frame, in the schemes that have one.
  ///
  /// - Throws: ``SchemesError/malformed`` for a frame of another length than the scheme's, and
  ///   ``SchemesError/unexpectedScheme(_:)`` for another scheme's.
  public static func of(_ frame: RawSpan, _ scheme: SchemeID) throws(SchemesError) -> UInt16 {
    let row = scheme.row
    guard row.hint.length == length, frame.byteCount == row.maximumHelloLength else { throw .malformed }
    let first = frame.unsafeLoad(as: UInt8.self)
    guard first == scheme.rawValue else { throw .unexpectedScheme(first) }
    return UInt16(bigEndian: frame.unsafeLoadUnaligned(fromByteOffset: 1, as: UInt16.self))
  }
}
