// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// A Schnorr proof that a dealer knows the constant term of the polynomial that it announces. Without it, the last to announce could
/// choose its constant term so that the key is one that it alone has.
struct ProofOfPossession: Sendable {
  static let encodedLength = 64

  let commitment: Bytes<32>
  let response: Bytes<32>

  /// Proves knowledge of `secret`, bound to the ceremony (session, everybody's static keys), the dealer and all that it announces.
  init(
    of secret: SecretScalar, _ ceremony: Ceremony, _ dealer: Participant, _ polynomial: PublicPolynomial
  ) throws(ThresholdError) {
    // Hedged as the nonces of signatures are.
    let nonce = SecretScalar()
    var random = SecretBytes<32>.random()
    defer { random.wipe() }
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold proof nonce")
    hash.update(random.bytes)
    hash.update(secret.value)
    hash.update(ceremony.context.bytes)
    hash.finalize(reducedInto: &nonce.value)
    do { commitment = try Edwards25519.Point(base: nonce.value).bytes } catch { throw .degenerate }
    var response = Edwards25519.Scalar()
    defer { response.wipe() }
    Self.challenge(ceremony, dealer, polynomial, commitment, into: &response)
    response.multiply(by: secret.value)
    response.add(nonce.value)
    self.response = Bytes(copying: response)
  }

  init(_ reader: inout ByteReader) throws(WireError) {
    commitment = try Bytes(&reader)
    response = try Bytes(&reader)
  }

  func isValid(_ ceremony: Ceremony, _ dealer: Participant, _ polynomial: PublicPolynomial) -> Bool {
    var challenge = Edwards25519.Scalar()
    var z = Edwards25519.Scalar()
    Self.challenge(ceremony, dealer, polynomial, commitment, into: &challenge)
    guard let constant = polynomial.coefficients.first, (try? z.load(response.bytes)) != nil,
      let commitment = try? Edwards25519.Point(decoding: commitment), let left = try? Edwards25519.Point(base: z),
      let right = try? constant.multiplied(by: challenge).adding(commitment)
    else { return false }
    return left == right
  }

  private static func challenge(
    _ ceremony: Ceremony, _ dealer: Participant, _ polynomial: PublicPolynomial, _ commitment: Bytes<32>,
    into scalar: inout Edwards25519.Scalar
  ) {
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold proof")
    hash.update(ceremony.context.bytes)
    hash.update(dealer)
    for coefficient in polynomial.coefficients { hash.update(coefficient.bytes.bytes) }
    hash.update(commitment.bytes)
    hash.finalize(reducedInto: &scalar)
  }
}
