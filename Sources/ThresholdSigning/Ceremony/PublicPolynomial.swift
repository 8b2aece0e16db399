// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What a dealer shows of its polynomial: each coefficient times the base point.
struct PublicPolynomial: Equatable, Sendable {
  /// Of x^``first`` and up.
  var coefficients: [Edwards25519.Point]
  /// 0, or 1 for a polynomial whose constant term is 0.
  let first: Int

  /// The value at `participant` times the base point.
  ///
  /// - Throws: ``ThresholdError/degenerate`` when it is the neutral point, or a step on the way to it is.
  func value(at participant: Participant) throws(ThresholdError) -> Edwards25519.Point {
    var x = Edwards25519.Scalar()
    x.set(UInt64(participant.number))
    guard var value = coefficients.last else { throw .degenerate }
    do {
      for coefficient in coefficients.dropLast().reversed() {
        value = try value.multiplied(by: x).adding(coefficient)
      }
      return first == 0 ? value : try value.multiplied(by: x)
    } catch { throw .degenerate }
  }

  /// - Throws: ``ThresholdError/degenerate`` when a coefficient of the sum is the neutral point.
  mutating func add(_ other: PublicPolynomial) throws(ThresholdError) {
    for index in coefficients.indices {
      do { coefficients[index] = try coefficients[index].adding(other.coefficients[index]) } catch {
        throw .degenerate
      }
    }
  }
}
