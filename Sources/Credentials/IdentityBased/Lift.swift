// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Turns a scalar of the prime-order group into an X25519 private key that every implementation accepts.
///
/// X25519 clamps its private keys (RFC 7748, section 5), which would change a scalar modulo L into another. So the scalar is
/// replaced, once, by a representative that clamping leaves alone: t = 0 mod 8 with 2^254 <= t < 2^255, and t = s or t = -s
/// mod L. A point and its negative have the same u-coordinate, so that the public key is the one of s either way.
///
///     k0 = -s / L mod 8;  t = s + k0 L;  if t < 2^254: t = 8L - t
///
/// All of it in constant time.
public enum Lift {
  /// Writes the private key of `scalar` into `key` and returns whether there is one. For about one scalar in 2^126 there is none,
  /// and the credential must be issued again.
  public static func lift(_ scalar: borrowing Edwards25519.Scalar, into key: inout SecretBytes<32>) -> Bool {
    let s = scalar.bytes
    var t = key.mutableBytes
    // L = 5 mod 8 is its own inverse there.
    let k = UInt64((8 - (word(s, 0) & 7) * 5 & 7) & 7)
    var carry: UInt64 = 0
    for index in 0..<8 {
      let sum = UInt64(word(s, index)) + k * UInt64(order[index]) + carry
      t.storeBytes(of: UInt32(truncatingIfNeeded: sum).littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      carry = sum >> 32
    }
    // t = s + 7L at most, which is below 8L < 2^256: the last carry is 0.
    let top = word(t.bytes, 7)
    let isLargeEnough = (top >> 30 | top >> 31) & 1
    let mask = valueBarrier(isLargeEnough &- 1)
    var borrow: UInt64 = 0
    for index in 0..<8 {
      let old = word(t.bytes, index)
      let difference = UInt64(eightfoldOrder[index]) &- UInt64(old) &- borrow
      borrow = difference >> 63
      let new = (UInt32(truncatingIfNeeded: difference) & mask) | (old & ~mask)
      t.storeBytes(of: new.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
    }
    return word(t.bytes, 7) >> 30 == 1
  }

  private static func word(_ bytes: RawSpan, _ index: Int) -> UInt32 {
    UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
  }

  /// L = 2^252 + 27742317777372353535851937790883648493, the least significant word first.
  private static var order: InlineArray<8, UInt32> {
    [0x5CF5_D3ED, 0x5812_631A, 0xA2F7_9CD6, 0x14DE_F9DE, 0, 0, 0, 0x1000_0000]
  }

  /// 8L.
  private static var eightfoldOrder: InlineArray<8, UInt32> {
    [0xE7AE_9F68, 0xC093_18D2, 0x17BC_E6B2, 0xA6F7_CEF5, 0, 0, 0, 0x8000_0000]
  }
}
