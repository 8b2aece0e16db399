// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// The polynomial by which a dealer shares a number: the number is its value at 0, each receiver's share its value at that
/// participant. Gone with its last owner.
final class SecretPolynomial: Sendable {
  /// The constant term first.
  private let coefficients: [SecretScalar]

  /// A random polynomial. The constant term is 0 until it is set.
  init(coefficientCount: Int) {
    coefficients = (0..<coefficientCount).map { _ in SecretScalar() }
    for coefficient in coefficients.dropFirst() { coefficient.value.fillWithRandom() }
  }

  var constant: SecretScalar { coefficients[0] }

  /// The coefficients from the one of x^`first` on, each times the base point.
  ///
  /// - Throws: ``ThresholdError/degenerate`` when a coefficient is 0, which nobody draws.
  func commitments(from first: Int) throws(ThresholdError) -> [Edwards25519.Point] {
    var points: [Edwards25519.Point] = []
    for coefficient in coefficients.dropFirst(first) {
      do { points.append(try Edwards25519.Point(base: coefficient.value)) } catch { throw .degenerate }
    }
    return points
  }

  /// Adds the value at `participant` to a sum.
  func addValue(at participant: Participant, to sum: inout Edwards25519.Scalar) {
    var x = Edwards25519.Scalar()
    x.set(UInt64(participant.number))
    var value = Edwards25519.Scalar()
    defer { value.wipe() }
    for coefficient in coefficients.reversed() {
      value.multiply(by: x)
      value.add(coefficient.value)
    }
    sum.add(value)
  }
}
