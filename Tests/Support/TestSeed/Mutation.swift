// SPDX-License-Identifier: Apache-2.0

extension SeededGenerator {
  /// Noise, or `valid` with bits flipped, a part cut off, or bytes put in.
  public mutating func mutate(_ valid: [UInt8]) -> [UInt8] {
    var changed = valid
    switch Int.random(in: 0..<5, using: &self) {
    case 0: changed = bytes(Int.random(in: 0...2 * valid.count, using: &self))
    case 1: changed.removeLast(Int.random(in: 0...changed.count, using: &self))
    case 2: changed += bytes(Int.random(in: 1...40, using: &self))
    case 3:
      changed.insert(UInt8.random(in: 0...255, using: &self), at: Int.random(in: 0...changed.count, using: &self))
    default:
      for _ in 0..<Int.random(in: 1...3, using: &self) {
        changed[Int.random(in: changed.indices, using: &self)] ^= 1 << UInt8.random(in: 0...7, using: &self)
      }
    }
    return changed
  }
}
