// SPDX-License-Identifier: Apache-2.0

import CSodium

extension Hash {
  /// BLAKE2s with a 32-byte digest and no key (RFC 7693). libsodium has none, so this one follows the RFC's text.
  public struct BLAKE2s: Hash.Function {
    public static var digestLength: Int { 32 }
    public static var blockLength: Int { 64 }
    public static var noiseName: StaticString { "BLAKE2s" }

    private var h: InlineArray<8, UInt32>
    private var block = InlineArray<64, UInt8>(repeating: 0)
    private var filled = 0
    private var total: UInt64 = 0

    public init() {
      h = Self.iv
      // Parameter block (section 2.5): digest length 32, no key, fanout 1, depth 1.
      h[0] ^= 0x0101_0020
    }

    public mutating func update(_ data: RawSpan) {
      data.withUnsafeBytes { bytes in
        for byte in bytes {
          // A full block waits until more input shows that it is not the last one.
          if filled == 64 {
            total &+= 64
            compress(isLast: false)
            filled = 0
          }
          block[filled] = byte
          filled += 1
        }
      }
    }

    public mutating func finalize(into digest: inout MutableRawSpan) {
      precondition(digest.byteCount >= Self.digestLength)
      total &+= UInt64(filled)
      while filled < 64 {
        block[filled] = 0
        filled += 1
      }
      compress(isLast: true)
      for index in 0..<8 {
        digest.storeBytes(of: h[index].littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
      withUnsafeMutableBytes(of: &self) { sodium_memzero($0.baseAddress, $0.count) }
    }

    /// The compression function F (section 3.2).
    private mutating func compress(isLast: Bool) {
      var m = InlineArray<16, UInt32>(repeating: 0)
      for index in 0..<16 {
        m[index] =
          UInt32(block[4 * index]) | UInt32(block[4 * index + 1]) << 8
          | UInt32(block[4 * index + 2]) << 16 | UInt32(block[4 * index + 3]) << 24
      }
      var v = InlineArray<16, UInt32>(repeating: 0)
      for index in 0..<8 {
        v[index] = h[index]
        v[index + 8] = Self.iv[index]
      }
      v[12] ^= UInt32(truncatingIfNeeded: total)
      v[13] ^= UInt32(truncatingIfNeeded: total >> 32)
      if isLast { v[14] = ~v[14] }
      for round in 0..<10 {
        let s = Self.sigma[round]
        mix(&v, 0, 4, 8, 12, m[s.word(0)], m[s.word(1)])
        mix(&v, 1, 5, 9, 13, m[s.word(2)], m[s.word(3)])
        mix(&v, 2, 6, 10, 14, m[s.word(4)], m[s.word(5)])
        mix(&v, 3, 7, 11, 15, m[s.word(6)], m[s.word(7)])
        mix(&v, 0, 5, 10, 15, m[s.word(8)], m[s.word(9)])
        mix(&v, 1, 6, 11, 12, m[s.word(10)], m[s.word(11)])
        mix(&v, 2, 7, 8, 13, m[s.word(12)], m[s.word(13)])
        mix(&v, 3, 4, 9, 14, m[s.word(14)], m[s.word(15)])
      }
      for index in 0..<8 { h[index] ^= v[index] ^ v[index + 8] }
      withUnsafeMutableBytes(of: &m) { sodium_memzero($0.baseAddress, $0.count) }
      withUnsafeMutableBytes(of: &v) { sodium_memzero($0.baseAddress, $0.count) }
    }

    /// The mixing function G (section 3.1).
    @inline(__always)
    private func mix(
      _ v: inout InlineArray<16, UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32
    ) {
      v[a] = v[a] &+ v[b] &+ x
      v[d] = (v[d] ^ v[a]).rotatedRight(16)
      v[c] = v[c] &+ v[d]
      v[b] = (v[b] ^ v[c]).rotatedRight(12)
      v[a] = v[a] &+ v[b] &+ y
      v[d] = (v[d] ^ v[a]).rotatedRight(8)
      v[c] = v[c] &+ v[d]
      v[b] = (v[b] ^ v[c]).rotatedRight(7)
    }

    private static var iv: InlineArray<8, UInt32> {
      [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
      ]
    }

    /// The message schedule SIGMA (section 2.7), one hexadecimal digit an entry, first entry leftmost.
    private static var sigma: InlineArray<10, UInt64> {
      [
        0x0123_4567_89AB_CDEF, 0xEA48_9FD6_1C02_B753, 0xB8C0_52FD_AE36_7194, 0x7931_DCBE_265A_40F8,
        0x9057_24AF_E1BC_683D, 0x2C6A_0B83_4D75_FE19, 0xC51F_ED4A_0763_928B, 0xDB7E_C139_50F4_862A,
        0x6FE9_B308_C2D7_14A5, 0xA284_7615_FB9E_3CD0,
      ]
    }
  }
}

extension UInt64 {
  /// The hexadecimal digit at `index`, counted from the left.
  @inline(__always)
  fileprivate func word(_ index: Int) -> Int { Int(truncatingIfNeeded: self >> UInt64(60 - 4 * index)) & 15 }
}

extension UInt32 {
  @inline(__always)
  fileprivate func rotatedRight(_ count: UInt32) -> UInt32 { self >> count | self << (32 - count) }
}
