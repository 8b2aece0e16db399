/// Random numbers that are the same in every run (SplitMix64).
struct Generator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Noise, or `valid` with bits flipped, a part cut off, or bytes put in.
  mutating func mutate(_ valid: [UInt8]) -> [UInt8] {
    var bytes = valid
    switch Int.random(in: 0..<5, using: &self) {
    case 0:
      return (0..<Int.random(in: 0...2 * valid.count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self)
      }
    case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &self))
    case 2: bytes += (0..<Int.random(in: 1...40, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: Int.random(in: 0...bytes.count, using: &self))
    default:
      for _ in 0..<Int.random(in: 1...3, using: &self) {
        bytes[Int.random(in: bytes.indices, using: &self)] ^= 1 << UInt8.random(in: 0...7, using: &self)
      }
    }
    return bytes
  }
}
