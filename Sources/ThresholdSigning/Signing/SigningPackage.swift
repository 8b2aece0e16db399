// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

/// What one signature is about: the message, and the commitments of exactly those who sign it. Every signer and whoever aggregates makes
/// it from the same parts (RFC 9591, sections 4.3 to 4.6).
public struct SigningPackage: Sendable {
  public let group: GroupKey
  public let message: [UInt8]
  /// In order of participants.
  public let commitments: [NonceCommitments]
  let signers: [Participant]
  /// One for each commitment.
  let bindingFactors: [Bytes<32>]
  /// R, once it has been computed.
  var commitment: Edwards25519.Point?

  /// - Throws: ``ThresholdError/duplicate(_:)``, ``ThresholdError/unknownParticipant(_:)`` or
  ///   ``ThresholdError/tooFewSigners(needed:given:)``.
  public init(
    message: RawSpan, commitments: [NonceCommitments], group: GroupKey
  ) throws(ThresholdError) {
    let commitments = commitments.sorted { $0.participant < $1.participant }
    signers = try commitments.map(\.participant).sortedOnce()
    for signer in signers { _ = try group.verifyingShare(of: signer) }
    guard signers.count >= group.threshold else {
      throw .tooFewSigners(needed: group.threshold, given: signers.count)
    }
    self.group = group
    self.message = [UInt8](copying: message)
    self.commitments = commitments
    bindingFactors = Self.bindingFactors(message, commitments, group)
  }

  /// One factor for each commitment: it ties each signer's nonces to this message, this key and these commitments.
  private static func bindingFactors(
    _ message: RawSpan, _ commitments: [NonceCommitments], _ group: GroupKey
  ) -> [Bytes<32>] {
    var identifier = Edwards25519.Scalar()
    var list = Ciphersuite.commitments()
    for entry in commitments {
      identifier.set(UInt64(entry.participant.number))
      list.update(identifier.bytes)
      list.update(entry.hiding.bytes.bytes)
      list.update(entry.binding.bytes.bytes)
    }
    let listDigest = list.digest()
    var said = Ciphersuite.message()
    said.update(message)
    let messageDigest = said.digest()
    return commitments.map { entry in
      var hash = Ciphersuite.bindingFactor()
      hash.update(group.publicKey.bytes)
      hash.update(messageDigest.bytes)
      hash.update(listDigest.bytes)
      identifier.set(UInt64(entry.participant.number))
      hash.update(identifier.bytes)
      hash.finalize(reducedInto: &identifier)
      return Bytes(copying: identifier)
    }
  }

  func loadBindingFactor(_ index: Int, into scalar: inout Edwards25519.Scalar) throws(ThresholdError) {
    do { try scalar.load(bindingFactors[index].bytes) } catch { throw .degenerate }
  }

  /// What the signer at `index` puts into R: its hiding commitment and, times the binding factor, its binding one.
  func contribution(_ index: Int) throws(ThresholdError) -> Edwards25519.Point {
    let entry = commitments[index]
    var factor = Edwards25519.Scalar()
    try loadBindingFactor(index, into: &factor)
    do { return try entry.hiding.adding(try entry.binding.multiplied(by: factor)) } catch {
      throw .invalidCommitment(entry.participant)
    }
  }

  /// R, the first half of the signature. The signer at `index` knows its own contribution without multiplying its commitments.
  mutating func groupCommitment(
    knowing own: (index: Int, point: Edwards25519.Point)? = nil
  ) throws(ThresholdError) -> Edwards25519.Point {
    if let commitment { return commitment }
    var sum: Edwards25519.Point?
    for index in commitments.indices {
      let term = if let own, own.index == index { own.point } else { try contribution(index) }
      do { sum = try sum?.adding(term) ?? term } catch { throw .degenerate }
    }
    guard let sum else { throw .invalidParameters }
    commitment = sum
    return sum
  }

  /// The challenge of Ed25519 (RFC 8032, section 5.1.6): H2.
  func challenge(_ commitment: Edwards25519.Point, into scalar: inout Edwards25519.Scalar) {
    var hash = Hash.SHA512()
    hash.update(commitment.bytes.bytes)
    hash.update(group.publicKey.bytes)
    hash.update(message.bytes)
    hash.finalize(reducedInto: &scalar)
  }
}

extension Bytes<32> {
  /// A public number's bytes.
  init(copying scalar: borrowing Edwards25519.Scalar) {
    self.init()
    var target = mutableBytes
    copyBytes(scalar.bytes, to: &target)
  }
}
