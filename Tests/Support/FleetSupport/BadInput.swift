// SPDX-License-Identifier: Apache-2.0

import TestSeed

/// Inputs that a parser must survive: valid samples that were truncated, extended, bit-flipped, overwritten or spliced, and
/// noise.
public struct BadInput {
  private var generator: SeededGenerator
  private let samples: [[UInt8]]

  /// - Parameter samples: valid inputs, at least one.
  public init(_ test: String, like samples: [[UInt8]]) {
    generator = SeededGenerator(for: test)
    self.samples = samples
  }

  /// Calls `body` with `count` inputs.
  public static func forEach(
    _ test: String, count: Int = 100_000, like samples: [[UInt8]], _ body: ([UInt8]) throws -> Void
  ) rethrows {
    var inputs = BadInput(test, like: samples)
    for _ in 0..<count { try body(inputs.next()) }
  }

  public mutating func next() -> [UInt8] {
    var input = sample()
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: input.removeLast(Int.random(in: 0...input.count, using: &generator))
    case 1: input += generator.bytes(Int.random(in: 1...64, using: &generator))
    case 2, 3: flipBits(&input)
    case 4: overwrite(&input)
    case 5:
      let other = sample()
      let cut = Int.random(in: 0...input.count, using: &generator)
      input = Array(input[..<cut]) + Array(other[min(cut, other.count)...])
    case 6: input = generator.bytes(Int.random(in: 0...(2 * input.count + 1), using: &generator))
    default:
      // Noise behind a first byte that a parser knows.
      input = input.prefix(1) + generator.bytes(Int.random(in: 0...(input.count + 8), using: &generator))
    }
    return input
  }

  private mutating func sample() -> [UInt8] { samples[Int.random(in: 0..<samples.count, using: &generator)] }

  private mutating func flipBits(_ input: inout [UInt8]) {
    guard !input.isEmpty else { return }
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      input[Int.random(in: 0..<input.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    }
  }

  /// Puts the values at which counters turn over into some field.
  private mutating func overwrite(_ input: inout [UInt8]) {
    guard !input.isEmpty else { return }
    let value: UInt8 = [0x00, 0xFF, 0x80, 0x7F][Int.random(in: 0..<4, using: &generator)]
    let start = Int.random(in: 0..<input.count, using: &generator)
    let length = Int.random(in: 1...8, using: &generator)
    for index in start..<min(start + length, input.count) { input[index] = value }
  }
}
