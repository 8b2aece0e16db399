// SPDX-License-Identifier: Apache-2.0

/// Bytes that follow from a seed (xorshift64*), so that a failure comes again.
struct SeededBytes {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 33) } }

  mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
}

/// A number modulo 2^255 - 19, by doubling and adding alone: nothing that it could have in common with what it checks.
struct Residue: Equatable {
  /// Four words, the least first; below 2^255 - 19.
  private(set) var words: [UInt64] = [0, 0, 0, 0]

  private static let modulus: [UInt64] = [
    0xFFFF_FFFF_FFFF_FFED, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
  ]

  init(_ value: UInt32) { words[0] = UInt64(value) }

  /// What eight words stand for.
  init(_ element: [UInt32]) {
    self.init(0)
    for bit in (0..<256).reversed() {
      self = self + self
      if element[bit / 32] >> (bit % 32) & 1 == 1 { self = self + Residue(1) }
    }
  }

  static func + (left: Residue, right: Residue) -> Residue {
    var result = left
    var carry: UInt64 = 0
    for i in 0..<4 {
      let (first, over) = left.words[i].addingReportingOverflow(right.words[i])
      let (second, overAgain) = first.addingReportingOverflow(carry)
      result.words[i] = second
      carry = (over ? 1 : 0) + (overAgain ? 1 : 0)
    }
    let reduced = result.subtractingModulus()
    return reduced ?? result
  }

  static func - (left: Residue, right: Residue) -> Residue {
    var negative = right
    var borrow: UInt64 = 0
    for i in 0..<4 {
      let (first, under) = modulus[i].subtractingReportingOverflow(right.words[i])
      let (second, underAgain) = first.subtractingReportingOverflow(borrow)
      negative.words[i] = second
      borrow = (under ? 1 : 0) + (underAgain ? 1 : 0)
    }
    return left + (negative.subtractingModulus() ?? negative)
  }

  static func * (left: Residue, right: Residue) -> Residue {
    var result = Residue(0)
    for bit in (0..<256).reversed() {
      result = result + result
      if right.words[bit / 64] >> (bit % 64) & 1 == 1 { result = result + left }
    }
    return result
  }

  private func subtractingModulus() -> Residue? {
    var result = self
    var borrow: UInt64 = 0
    for i in 0..<4 {
      let (first, under) = words[i].subtractingReportingOverflow(Self.modulus[i])
      let (second, underAgain) = first.subtractingReportingOverflow(borrow)
      result.words[i] = second
      borrow = (under ? 1 : 0) + (underAgain ? 1 : 0)
    }
    return borrow == 0 ? result : nil
  }
}
