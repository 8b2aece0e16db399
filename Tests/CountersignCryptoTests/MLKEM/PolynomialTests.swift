// SPDX-License-Identifier: Apache-2.0

import CMLKEM
import Testing

@Suite("ML-KEM's parts: Keccak and polynomials")
struct PolynomialTests {
  private static let modulus = 3329

  @Test("the sponge gives FIPS 202's hashes of nothing")
  func keccak() {
    func output(_ rate: Int, _ suffix: Int, _ lanes: Int) -> [UInt8] {
      var sponge = mlkem_keccak()
      var bytes = [UInt8](repeating: 0, count: 8 * lanes)
      mlkem_keccak_begin(&sponge, UInt32(rate))
      mlkem_keccak_finish(&sponge, UInt32(suffix))
      mlkem_keccak_squeeze(&sponge, &bytes, UInt32(lanes))
      return bytes
    }
    #expect(
      output(mlkem_keccak_sha3_256_rate, mlkem_keccak_sha3_suffix, 4)
        == "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a".hexBytes)
    #expect(
      output(mlkem_keccak_sha3_512_rate, mlkem_keccak_sha3_suffix, 8)
        == """
        a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6\
        15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26
        """.hexBytes)
    #expect(
      output(mlkem_keccak_shake128_rate, mlkem_keccak_shake_suffix, 4)
        == "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26".hexBytes)
    #expect(
      output(mlkem_keccak_shake256_rate, mlkem_keccak_shake_suffix, 4)
        == "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f".hexBytes)
  }

  @Test("each coefficient is compressed to the nearest number")
  func compression() {
    for x in 0..<Self.modulus {
      func nearest(_ bits: Int) -> UInt32 {
        let scale = 1 << bits
        return UInt32((2 * x * scale + Self.modulus) / (2 * Self.modulus) % scale)
      }
      #expect(mlkem_polynomial_compress10(UInt32(x)) == nearest(10))
      #expect(mlkem_polynomial_compress4(UInt32(x)) == nearest(4))
      #expect(mlkem_polynomial_compress1(UInt32(x)) == nearest(1))
    }
  }

  @Test("what is packed in 10 bits and unpacked is near; a byte that differs is seen")
  func packing() {
    var random = SeededBytes(10)
    let polynomial = (0..<256).map { _ in Int16(random.below(2 * Self.modulus) - Self.modulus) }
    var (bytes, unpacked) = ([UInt8](repeating: 0, count: 320), [Int16](repeating: 0, count: 256))
    #expect(mlkem_polynomial_pack10(&bytes, nil, polynomial) == 0)
    mlkem_polynomial_unpack10(&unpacked, bytes)
    for (before, after) in zip(polynomial, unpacked) {
      let distance = residue(Int(before) - Int(after))
      #expect(min(distance, Self.modulus - distance) <= 2)
    }
    #expect(mlkem_polynomial_pack10(nil, bytes, polynomial) == 0)
    var short = [UInt8](repeating: 0, count: 128)
    #expect(mlkem_polynomial_pack4(&short, nil, polynomial) == 0)
    #expect(mlkem_polynomial_pack4(nil, short, polynomial) == 0)
    for place in 0..<320 {
      var changed = bytes
      changed[place] ^= 1 << UInt8(random.below(8))
      #expect(mlkem_polynomial_pack10(nil, changed, polynomial) != 0)
      guard place < 128 else { continue }
      changed = short
      changed[place] ^= 1 << UInt8(random.below(8))
      #expect(mlkem_polynomial_pack4(nil, changed, polynomial) != 0)
    }
  }

  @Test("a product through the transform is the product modulo X^256 + 1")
  func product() {
    var random = SeededBytes(11)
    for _ in 0..<8 {
      var a = (0..<256).map { _ in Int16(random.below(Self.modulus)) }
      var b = (0..<256).map { _ in Int16(random.below(2 * Self.modulus - 1) - Self.modulus + 1) }
      var expected = [Int](repeating: 0, count: 256)
      for i in 0..<256 {
        for j in 0..<256 {
          let term = Int(a[i]) * Int(b[j])
          if i + j < 256 { expected[i + j] += term } else { expected[i + j - 256] -= term }
        }
      }
      var (packed, sum) = ([UInt8](repeating: 0, count: 384), [Int16](repeating: 0, count: 256))
      mlkem_polynomial_ntt(&a)
      mlkem_polynomial_pack(&packed, a)
      mlkem_polynomial_ntt(&b)
      mlkem_polynomial_add_packed_product(&sum, packed, b)
      mlkem_polynomial_inverse_ntt(&sum)
      #expect(sum.map { residue(Int($0)) } == expected.map { residue($0) })
    }
  }

  private func residue(_ value: Int) -> Int {
    let rest = value % Self.modulus
    return rest < 0 ? rest + Self.modulus : rest
  }
}
