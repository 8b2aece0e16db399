// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  extension IBE {
    /// What everybody may know of a master key's shares: the coefficients of the polynomial, each times the generator (Feldman). The
    /// first is the master public key; each holder's public key follows from all of them.
    public struct Commitments: Hashable, Sendable {
      let points: [PublicPoint]

      init(_ points: [PublicPoint]) { self.points = points }

      /// - Parameter bytes: 48 for each of the holders that a key takes, 2 to 255 of them.
      /// - Throws: ``IBEError/invalidThreshold`` for another length, ``IBEError/invalidPoint`` for what is no point of the group.
      public init(decoding bytes: RawSpan) throws(IBEError) {
        let count = bytes.byteCount / publicKeyLength
        guard 2...255 ~= count, bytes.byteCount == count * publicKeyLength else { throw .invalidThreshold }
        var points: [PublicPoint] = []
        for index in 0..<count {
          let start = index * publicKeyLength
          points.append(try PublicPoint(decoding: bytes.extracting(start..<start + publicKeyLength)))
        }
        self.points = points
      }

      /// How many holders it takes to issue a key.
      public var threshold: Int { points.count }

      public var masterPublicKey: MasterPublicKey { MasterPublicKey(points[0]) }

      /// The encoding, ``threshold`` times 48 bytes.
      public var bytes: [UInt8] { points.flatMap { [UInt8](copying: $0.bytes.bytes) } }

      /// The generator times the holder's share: the polynomial at the holder's number.
      func publicKey(of holder: UInt8) throws(IBEError) -> PublicPoint {
        guard holder > 0 else { throw .invalidPoint }
        let sum = Place<blst_p1>()
        defer { sum.wipe() }
        for point in points.reversed() {
          var affine = point.affine
          withUnsafePointer(to: holder) { blst_p1_mult(sum.pointer, sum.pointer, $0, 8) }
          blst_p1_add_or_double_affine(sum.pointer, sum.pointer, &affine)
        }
        return try PublicPoint(sum.pointer)
      }

      /// Checks, by a pairing, what a holder gave for an identity.
      ///
      /// - Throws: ``IBEError/wrongPartialKey(holder:)``.
      public func check(_ partialKey: RawSpan, of identity: Identity, from holder: UInt8) throws(IBEError) {
        let point = KeyPoint()
        defer { point.wipe() }
        try load(partialKey, of: identity, from: holder, into: point)
      }

      /// Decodes what a holder gave for an identity, and checks it.
      func load(
        _ partialKey: RawSpan, of identity: Identity, from holder: UInt8, into point: borrowing KeyPoint
      ) throws(IBEError) {
        do {
          try point.decode(partialKey)
          guard point.isProduct(of: identity, under: try publicKey(of: holder)) else { throw IBEError.wrongDeviceKey }
        } catch {
          point.wipe()
          throw .wrongPartialKey(holder: holder)
        }
      }
    }
  }
#endif
