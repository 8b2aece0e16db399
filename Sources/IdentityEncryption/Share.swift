// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  extension IBE {
    /// One holder's part of a master key: the polynomial at the holder's number. Fewer of them than the threshold know nothing of
    /// the key.
    public struct Share: ~Copyable, Sendable {
      /// Length of an encoded share, in bytes: the holder's number, then the share as a big-endian number.
      public static let encodedLength = 33

      /// 1 to 255.
      public let holder: UInt8
      let scalar = Scalar()

      init(of holder: UInt8) { self.holder = holder }

      /// The share that a dealer gave, if it is the one that the commitments lead to.
      ///
      /// - Throws: ``IBEError/invalidScalar`` for bytes that are no share, ``IBEError/wrongShare(holder:)`` for one of another key.
      public init(decoding bytes: RawSpan, under commitments: Commitments) throws(IBEError) {
        let isWhole = bytes.byteCount == Self.encodedLength
        self.init(of: isWhole ? bytes.unsafeLoad(as: UInt8.self) : 0)
        guard isWhole else { throw .invalidScalar }
        try scalar.load(bytes.extracting(1...))
        do {
          let expected = try commitments.publicKey(of: holder)
          guard scalar.generates(expected) else { throw IBEError.invalidScalar }
        } catch {
          scalar.wipe()
          throw .wrongShare(holder: holder)
        }
      }

      /// Writes the encoding, for storage in a place that is itself protected.
      public func encode(into bytes: inout SecretBytes<33>) {
        var target = bytes.mutableBytes
        target.storeBytes(of: holder, as: UInt8.self)
        var number = target.suffix(from: 1)
        scalar.encode(into: &number)
      }

      /// Writes this holder's part of an identity's key.
      public func extract(_ identity: Identity, into partialKey: inout SecretBytes<96>) {
        scalar.extract(identity, into: &partialKey)
      }

      /// Overwrites the share.
      public mutating func wipe() { scalar.wipe() }
    }
  }

  extension IBE.MasterKey {
    /// Splits the key into shares: a polynomial whose value at 0 is the key, at 1, 2, 3 and so on.
    ///
    /// - Parameter give: is handed each share in turn, which is gone when it returns.
    /// - Throws: ``IBEError/invalidThreshold``, and what `give` throws.
    public func split(
      threshold: Int, among holders: Int, _ give: (borrowing IBE.Share) throws -> Void
    ) throws -> IBE.Commitments {
      var seed = SecretBytes<32>.random()
      defer { seed.wipe() }
      return try split(threshold: threshold, among: holders, polynomial: seed, give)
    }

    /// The same with the seed given from which the coefficients follow: coefficient j is
    /// SHA-512("countersign-v1 ibe coefficient" || seed || j) modulo the order of the group.
    @_spi(Testing)
    public func split(
      threshold: Int, among holders: Int, polynomial seed: borrowing SecretBytes<32>,
      _ give: (borrowing IBE.Share) throws -> Void
    ) throws -> IBE.Commitments {
      guard 2...255 ~= holders, 2...holders ~= threshold else { throw IBEError.invalidThreshold }
      let coefficient = Scalar()
      let x = Scalar()
      defer {
        coefficient.wipe()
        x.wipe()
      }
      var points = [publicKey.point]
      for degree in 1..<threshold {
        derive(coefficient, degree, from: seed)
        points.append(try PublicPoint(generatorTimes: coefficient))
      }
      for holder in 1...holders {
        var share = IBE.Share(of: UInt8(holder))
        defer { share.wipe() }
        x.set(UInt8(holder))
        for degree in (0..<threshold).reversed() {
          share.scalar.multiply(by: x)
          if degree == 0 {
            share.scalar.add(scalar)
          } else {
            derive(coefficient, degree, from: seed)
            share.scalar.add(coefficient)
          }
        }
        try give(share)
      }
      return IBE.Commitments(points)
    }

    private func derive(_ coefficient: borrowing Scalar, _ degree: Int, from seed: borrowing SecretBytes<32>) {
      var wide = SecretBytes<64>()
      defer { wide.wipe() }
      var digest = wide.mutableBytes
      var hash = Hash.SHA512()
      hash.update("countersign-v1 ibe coefficient")
      hash.update(seed.bytes)
      withUnsafeBytes(of: UInt8(degree)) { hash.update(RawSpan(_unsafeBytes: $0)) }
      hash.finalize(into: &digest)
      _ = coefficient.reduce(wide.bytes)
    }
  }
#endif
