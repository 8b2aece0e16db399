// SPDX-License-Identifier: Apache-2.0

import CCurve25519
import Testing

@Suite("Microcontrollers' Curve25519: the field in portable C")
struct FieldTests {
  /// Numbers at the edges: all zeros and ones, one bit, around 2^255 - 19 and twice that, and random ones.
  private static let elements: [[UInt32]] = {
    let ones = UInt32.max
    var result: [[UInt32]] = [[], [1], [19], [ones], [ones - 18], [ones - 37], [ones - 36]].map { low in
      low + [UInt32](repeating: 0, count: 8 - low.count)
    }
    for low in [0, 1, ones - 38, ones - 37, ones - 36, ones - 19, ones - 18, ones - 17, ones] {
      for top in [ones, ones / 2, ones / 2 + 1] {
        result.append([low] + [UInt32](repeating: ones, count: 6) + [top])
        result.append([low] + [UInt32](repeating: 0, count: 6) + [top])
      }
    }
    var random = SeededBytes(25519)
    for _ in 0..<12 { result.append((0..<8).map { _ in UInt32(truncatingIfNeeded: random.next()) }) }
    return result
  }()

  private func element(_ body: (UnsafeMutablePointer<UInt32>) -> Void) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: 8)
    result.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    return result
  }

  @Test("products, squares, sums, differences and multiples at the edges")
  func edges() {
    let residues = Self.elements.map { Residue($0) }
    for (row, a) in Self.elements.enumerated() {
      let left = residues[row]
      #expect(Residue(element { field25519_square($0, a) }) == left * left)
      // Each element meets every tenth, another tenth in each row.
      for column in stride(from: row % 10, to: Self.elements.count, by: 10) {
        let (b, right) = (Self.elements[column], residues[column])
        #expect(Residue(element { field25519_multiply($0, a, b) }) == left * right)
        #expect(Residue(element { field25519_scale_and_add($0, a, 121665, b) }) == left * Residue(121665) + right)
        var difference: [UInt32] = []
        let sum = element { sum in
          difference = element { difference in field25519_sum_and_difference(sum, difference, a, b) }
        }
        #expect(Residue(sum) == left + right)
        #expect(Residue(difference) == left - right)
        #expect(Residue(element { field25519_square_selected($0, a, b, 0) }) == left * left)
        #expect(Residue(element { field25519_square_selected($0, a, b, .max) }) == right * right)
      }
    }
  }

  @Test("a result may take an operand's place")
  func inPlace() {
    for a in Self.elements.suffix(6) {
      for b in Self.elements.suffix(9) {
        var (x, y) = (a, b)
        field25519_multiply(&x, a, x)
        #expect(Residue(x) == Residue(a) * Residue(a))
        x = a
        x.withUnsafeMutableBufferPointer { x in
          y.withUnsafeMutableBufferPointer { y in
            field25519_sum_and_difference(y.baseAddress, x.baseAddress, x.baseAddress, y.baseAddress)
          }
        }
        #expect(Residue(y) == Residue(a) + Residue(b))
        #expect(Residue(x) == Residue(a) - Residue(b))
      }
    }
  }

  @Test("reduction gives the smallest number, and the power for a root is one")
  func reduction() {
    for a in Self.elements {
      var reduced = a
      field25519_reduce(&reduced)
      #expect(Residue(reduced) == Residue(a))
      let words = (0..<4).map { UInt64(reduced[2 * $0]) | UInt64(reduced[2 * $0 + 1]) << 32 }
      #expect(words == Residue(a).words, "reduced fully")
      var isZero = a
      #expect((field25519_is_zero(&isZero) == 1) == (Residue(a) == Residue(0)))

      var memory = [UInt32](repeating: 0, count: 24)
      let power = element { result in
        memory.withUnsafeMutableBufferPointer {
          let start = $0.baseAddress!
          field25519_power_2_252_3(result, a, start, start + 8, start + 16)
        }
      }
      // a^(8 (2^252 - 3) + 4) is a^(2^255 - 20), the modulus less one.
      var (product, value) = (Residue(power), Residue(a))
      for _ in 0..<3 { product = product * product }
      value = value * value * value * value
      #expect(product * value == (Residue(a) == Residue(0) ? Residue(0) : Residue(1)))
    }
  }

  @Test("the base point's multiples are what they say")
  func baseTable() {
    // (y + x) / 2 and (y - x) / 2 add up to y, and leave x; the curve's equation holds, and the product is d x y.
    let d = Residue([
      0x1359_78A3, 0x75EB_4DCA, 0x4141_D8AB, 0x0070_0A4D, 0x7779_E898, 0x8CC7_4079, 0x2B6F_FE73, 0x5203_6CEE,
    ])
    #expect(d * Residue(121666) + Residue(121665) == Residue(0))
    let table = withUnsafeBytes(of: ed25519_base) { bytes in
      (0..<24).map { entry in Residue((0..<8).map { bytes.load(fromByteOffset: 32 * entry + 4 * $0, as: UInt32.self) })
      }
    }
    var points: [(x: Residue, y: Residue)] = []
    for index in 0..<8 {
      let (sum, difference, product) = (table[3 * index], table[3 * index + 1], table[3 * index + 2])
      let (x, y) = (sum - difference, sum + difference)
      #expect(product == d * x * y)
      #expect(y * y - x * x == Residue(1) + d * x * x * y * y)
      points.append((x, y))
    }
    #expect(points[0].y * Residue(5) == Residue(4))
    #expect(points[0].x.words[0] & 1 == 0)
    // Each is the one before plus twice the first.
    let (x, y) = points[0]
    let twice = (
      numeratorX: Residue(2) * x * y, denominatorX: y * y - x * x, numeratorY: y * y + x * x,
      denominatorY: Residue(2) - y * y + x * x
    )
    for (before, after) in zip(points, points.dropFirst()) {
      // x3 (1 + d x1 x2 y1 y2) = x1 y2 + x2 y1, with the denominators of twice the first multiplied out.
      let all = twice.denominatorX * twice.denominatorY
      let shared = d * before.x * before.y * twice.numeratorX * twice.numeratorY
      #expect(
        after.x * (all + shared)
          == before.x * twice.numeratorY * twice.denominatorX + before.y * twice.numeratorX * twice.denominatorY)
      #expect(
        after.y * (all - shared)
          == before.y * twice.numeratorY * twice.denominatorX + before.x * twice.numeratorX * twice.denominatorY)
    }
  }
}
