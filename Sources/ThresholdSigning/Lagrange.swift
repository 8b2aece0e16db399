// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// Interpolation of the polynomial that shares a key (RFC 9591, section 4.2). All of it is public.
enum Lagrange {
  /// Writes the factor with which the value at `participant` counts towards the value at `x`: the product of
  /// (x_j - x) / (x_j - x_i) over the others of `set`.
  static func coefficient(
    of participant: Participant, among set: [Participant], at x: UInt16 = 0, into result: inout Edwards25519.Scalar
  ) throws(ThresholdError) {
    var denominator = Edwards25519.Scalar()
    var factor = Edwards25519.Scalar()
    result.set(1)
    denominator.set(1)
    for other in set where other != participant {
      factor.set(difference: other.number, x)
      result.multiply(by: factor)
      factor.set(difference: other.number, participant.number)
      denominator.multiply(by: factor)
    }
    do { try denominator.invert() } catch { throw .duplicate(participant) }
    result.multiply(by: denominator)
  }

  /// The point at `x` of the polynomial that goes through `points`.
  static func interpolate(
    _ points: [(participant: Participant, point: Edwards25519.Point)], at x: UInt16 = 0
  ) throws(ThresholdError) -> Edwards25519.Point {
    let set = points.map(\.participant)
    var factor = Edwards25519.Scalar()
    var sum: Edwards25519.Point?
    for (participant, point) in points {
      try coefficient(of: participant, among: set, at: x, into: &factor)
      do {
        let term = try point.multiplied(by: factor)
        sum = try sum?.adding(term) ?? term
      } catch { throw .degenerate }
    }
    guard let sum else { throw .invalidParameters }
    return sum
  }
}

extension Edwards25519.Scalar {
  /// Becomes a - b.
  fileprivate mutating func set(difference a: UInt16, _ b: UInt16) {
    set(UInt64(a > b ? a - b : b - a))
    if a < b { negate() }
  }
}
