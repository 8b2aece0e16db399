// SPDX-License-Identifier: Apache-2.0

/// A generator whose numbers follow from a seed (SplitMix64), so that a failing run can be repeated.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  /// A generator of its own for what has this name: it follows from the name and the seed of the run, ``TestSeed/value``.
  public init(for name: String) {
    // FNV-1a.
    let digest = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    self.init(seed: TestSeed.value ^ digest)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Overwrites all of `buffer`.
  public mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var index = 0
    while index < buffer.count {
      let end = min(index + 8, buffer.count)
      withUnsafeBytes(of: next()) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[index..<end]).copyBytes(from: $0.prefix(end - index))
      }
      index = end
    }
  }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { fill($0) }
    return bytes
  }
}
