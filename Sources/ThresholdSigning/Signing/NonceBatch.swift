// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Synchronization

/// Nonces that a signer has committed to ahead, so that signing takes one round trip. Each can be taken out once. They exist in this
/// object alone: when it goes, with its process or its connection, they are gone.
public final class NonceBatch: Sendable {
  public static let maximumCount = 1000

  /// 16 random bytes, by which the other side tells this batch from one of another connection or of an earlier process.
  public let id: Bytes<16>
  /// What the other side gets, in order.
  public let commitments: [NonceCommitments]
  private let places: Mutex<[Pair?]>

  private struct Pair: Sendable {
    let hiding: SecretScalar
    let binding: SecretScalar
  }

  /// - Throws: ``ThresholdError/invalidParameters`` for a count outside 1...``maximumCount``.
  public init(for share: KeyShare, count: Int) throws(ThresholdError) {
    guard count > 0, count <= Self.maximumCount else { throw .invalidParameters }
    var id = Bytes<16>()
    var target = id.mutableBytes
    fillWithRandomBytes(&target)
    self.id = id
    var commitments: [NonceCommitments] = []
    var pairs: [Pair?] = []
    for _ in 0..<count {
      let nonces = try SigningNonces(for: share)
      commitments.append(nonces.commitments)
      pairs.append(Pair(hiding: nonces.hiding, binding: nonces.binding))
    }
    self.commitments = commitments
    places = Mutex(pairs)
  }

  /// Takes nonces out, for good, whatever becomes of the signature.
  ///
  /// - Throws: ``ThresholdError/nonceUsed(index:)`` when they were taken before or never existed.
  public func take(_ index: Int) throws(ThresholdError) -> SigningNonces {
    let pair = places.withLock { places -> Pair? in
      guard places.indices.contains(index) else { return nil }
      defer { places[index] = nil }
      return places[index]
    }
    guard let pair else { throw .nonceUsed(index: index) }
    return SigningNonces(commitments[index], hiding: pair.hiding, binding: pair.binding)
  }

  /// How many are left.
  public var remaining: Int { places.withLock { places in places.count { $0 != nil } } }
}
