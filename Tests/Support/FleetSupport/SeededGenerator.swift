import Foundation

/// A generator whose numbers follow from a seed (SplitMix64), so that a failing run can be repeated.
public struct SeededGenerator: RandomNumberGenerator {
  public let seed: UInt64
  private var state: UInt64

  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A generator for the test of this name. The seed is new each time and printed; COUNTERSIGN_TEST_SEED sets it.
  public init(for test: String) {
    let given = ProcessInfo.processInfo.environment["COUNTERSIGN_TEST_SEED"].flatMap { UInt64($0) }
    self.init(seed: given ?? .random(in: 0 ... .max))
    print("\(test): COUNTERSIGN_TEST_SEED=\(seed)")
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { buffer in
      var index = 0
      while index < count {
        withUnsafeBytes(of: next()) { buffer[index..<min(index + 8, count)].copyBytes(from: $0.prefix(count - index)) }
        index += 8
      }
    }
    return bytes
  }
}
