// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

extension Ceremony {
  /// What everybody may know of the new shares, which follows from the announcements.
  func group(
    _ announcements: [Participant: Announcement], _ transcript: Bytes<64>
  ) throws(ThresholdError) -> GroupKey {
    var sum: PublicPolynomial?
    for dealer in dealers {
      guard let polynomial = announcements[dealer]?.polynomial else { throw .missing(dealer) }
      if sum == nil { sum = polynomial } else { try sum?.add(polynomial) }
    }
    guard let sum else { throw .invalidParameters }
    let key = if purpose == .refresh, let previous { previous.point } else { sum.coefficients[0] }
    // The constant terms were checked one by one; so this holds, and nothing else may.
    guard previous == nil || previous?.point == key else { throw .inconsistent }
    var verifyingShares: [Participant: Edwards25519.Point] = [:]
    for receiver in receivers {
      var share = try sum.value(at: receiver)
      if purpose == .refresh, let previous {
        let old = try previous.verifyingShare(of: receiver)
        do { share = try share.adding(old) } catch { throw .degenerate }
      }
      verifyingShares[receiver] = share
    }
    var digest = Bytes<32>()
    var target = digest.mutableBytes
    copyBytes(transcript.bytes.extracting(0..<32), to: &target)
    return try GroupKey(
      set: set, threshold: threshold, point: key, verifyingShares: verifyingShares, ceremony: digest)
  }
}
