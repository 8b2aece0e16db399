// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  extension IBE {
    /// An identity's key, put together from what enough holders gave: the sum of their parts, each times its Lagrange coefficient
    /// at 0.
    public struct Combination: ~Copyable {
      private let identity: Identity
      private let commitments: Commitments
      private let holders: [UInt8]
      private var missing: Set<UInt8>
      private let sum = Place<blst_p2>()

      /// - Parameter holders: whose parts will come, as many as the threshold says.
      /// - Throws: ``IBEError/wrongHolders(threshold:)`` for more, fewer, a holder twice, or number 0.
      public init(
        of identity: Identity, under commitments: Commitments, from holders: [UInt8]
      ) throws(IBEError) {
        missing = Set(holders)
        guard holders.count == commitments.threshold, missing.count == holders.count, !missing.contains(0) else {
          throw .wrongHolders(threshold: commitments.threshold)
        }
        self.identity = identity
        self.commitments = commitments
        self.holders = holders
      }

      /// Checks a holder's part of the key and adds it.
      ///
      /// - Throws: ``IBEError/wrongPartialKey(holder:)`` when it is not that: nothing is then added.
      ///   ``IBEError/wrongHolders(threshold:)`` for a holder who was not named or has given already.
      public mutating func add(_ partialKey: RawSpan, from holder: UInt8) throws(IBEError) {
        guard missing.contains(holder) else { throw .wrongHolders(threshold: commitments.threshold) }
        let affine = KeyPoint()
        let term = Place<blst_p2>()
        let coefficient = Scalar()
        defer {
          affine.wipe()
          term.wipe()
          coefficient.wipe()
          countersign_clear_stack()
        }
        try commitments.load(partialKey, of: identity, from: holder, into: affine)
        setLagrangeCoefficient(coefficient, of: holder)
        blst_p2_from_affine(term.pointer, affine.pointer)
        blst_p2_mult(term.pointer, term.pointer, coefficient.bytes, Scalar.bitCount)
        blst_p2_add_or_double(sum.pointer, sum.pointer, term.pointer)
        missing.remove(holder)
      }

      /// Writes the key's 96 bytes. Whoever uses it checks it once more, by making a ``DeviceKey`` of it.
      ///
      /// - Throws: ``IBEError/wrongHolders(threshold:)`` while a holder's part is missing.
      public mutating func finish(into key: inout SecretBytes<96>) throws(IBEError) {
        guard missing.isEmpty else { throw .wrongHolders(threshold: commitments.threshold) }
        var target = key.mutableBytes
        target.withUnsafeMutableBytes { blst_p2_compress($0.u8, sum.pointer) }
        countersign_clear_stack()
      }

      /// Overwrites what has been added so far.
      public mutating func wipe() { sum.wipe() }

      /// The product of j / (j - holder) over all other holders j.
      private func setLagrangeCoefficient(_ coefficient: borrowing Scalar, of holder: UInt8) {
        let denominator = Scalar()
        let factor = Scalar()
        defer {
          denominator.wipe()
          factor.wipe()
        }
        coefficient.set(1)
        denominator.set(1)
        for other in holders where other != holder {
          factor.set(other)
          coefficient.multiply(by: factor)
          factor.set(other, minus: holder)
          denominator.multiply(by: factor)
        }
        denominator.invert()
        coefficient.multiply(by: denominator)
      }
    }
  }
#endif
