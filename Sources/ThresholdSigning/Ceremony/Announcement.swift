// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// What a dealer tells everybody: its polynomial's coefficients times the base point and, when a key is made, a proof that it knows the
/// constant term.
///
/// Layout: dealer (2), number of coefficients (2), each coefficient (32), then for a new key the proof: a point (32) and a number (32).
struct Announcement: Sendable {
  let dealer: Participant
  let polynomial: PublicPolynomial
  let proof: ProofOfPossession?
  let encoded: [UInt8]

  init(_ ceremony: Ceremony, dealer: Participant, _ secret: SecretPolynomial) throws(ThresholdError) {
    self.dealer = dealer
    let first = ceremony.firstCoefficient
    polynomial = PublicPolynomial(coefficients: try secret.commitments(from: first), first: first)
    proof =
      ceremony.purpose == .generation
      ? try ProofOfPossession(of: secret.constant, ceremony, dealer, polynomial) : nil
    encoded = Self.encode(dealer, polynomial, proof)
  }

  /// Decodes strictly and checks all that can be checked of one announcement alone.
  init(decoding bytes: RawSpan, _ ceremony: Ceremony, from dealer: Participant) throws(ThresholdError) {
    var reader = ByteReader(bytes)
    guard try parsing(try Participant(&reader)) == dealer else { throw .malformed(.invalidValue) }
    let count = try parsing(try reader.uint16())
    guard count == ceremony.coefficientCount else { throw .malformed(.invalidValue) }
    var coefficients: [Edwards25519.Point] = []
    for _ in 0..<count {
      let point = try parsing(try Bytes<32>(&reader))
      do { coefficients.append(try Edwards25519.Point(decoding: point)) } catch { throw .invalidCommitment(dealer) }
    }
    polynomial = PublicPolynomial(coefficients: coefficients, first: ceremony.firstCoefficient)
    proof = ceremony.purpose == .generation ? try parsing(try ProofOfPossession(&reader)) : nil
    try parsing(try reader.finish())
    self.dealer = dealer
    encoded = [UInt8](copying: bytes)
    if let proof, !proof.isValid(ceremony, dealer, polynomial) { throw .invalidProof(dealer) }
    guard try isOfItsShare(ceremony) else { throw .foreignConstant(dealer) }
  }

  /// Whether a dealer that shares its share anew begins with it: the constant term is its verifying share times its Lagrange
  /// coefficient, so that the constant terms add up to the key.
  private func isOfItsShare(_ ceremony: Ceremony) throws(ThresholdError) -> Bool {
    guard ceremony.purpose == .resharing, let previous = ceremony.previous else { return true }
    var factor = Edwards25519.Scalar()
    try Lagrange.coefficient(of: dealer, among: ceremony.dealers, into: &factor)
    let share = try previous.verifyingShare(of: dealer)
    do { return try share.multiplied(by: factor) == polynomial.coefficients[0] } catch { return false }
  }

  /// What a dealer is held to before it sees the others' announcements.
  static func pledge(_ encoded: [UInt8], _ ceremony: Ceremony) -> Bytes<64> {
    var hash = Hash.SHA512()
    hash.update("countersign-v1 threshold pledge")
    hash.update(ceremony.context.bytes)
    hash.update(encoded.bytes)
    return hash.digest()
  }

  private static func encode(
    _ dealer: Participant, _ polynomial: PublicPolynomial, _ proof: ProofOfPossession?
  ) -> [UInt8] {
    let length = 4 + 32 * polynomial.coefficients.count + (proof == nil ? 0 : ProofOfPossession.encodedLength)
    var bytes = [UInt8](repeating: 0, count: length)
    var target = bytes.mutableBytes
    var writer = ByteWriter(&target)
    writer.uint16(dealer.number)
    writer.uint16(UInt16(polynomial.coefficients.count))
    for coefficient in polynomial.coefficients { writer.bytes(coefficient.bytes.bytes) }
    if let proof {
      writer.bytes(proof.commitment.bytes)
      writer.bytes(proof.response.bytes)
    }
    return bytes
  }
}
