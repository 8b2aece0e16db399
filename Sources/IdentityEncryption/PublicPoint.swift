// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  /// A point of G1 other than the neutral one, public, with its one encoding: 48 bytes, compressed.
  struct PublicPoint: Hashable, Sendable {
    let bytes: Bytes<48>
    let affine: blst_p1_affine

    /// Decodes strictly.
    ///
    /// - Throws: ``IBEError/invalidPoint`` for bytes that are not canonical, not on the curve or not in the group, and for the
    ///   neutral point.
    init(decoding encoded: RawSpan) throws(IBEError) {
      var affine = blst_p1_affine()
      guard
        let bytes = try? Bytes<48>(copying: encoded),
        encoded.withUnsafeBytes({ blst_p1_uncompress(&affine, $0.u8) }) == BLST_SUCCESS,
        !blst_p1_affine_is_inf(&affine), blst_p1_affine_in_g1(&affine)
      else { throw .invalidPoint }
      self.bytes = bytes
      self.affine = affine
    }

    /// - Throws: ``IBEError/invalidPoint`` for the neutral point.
    init(_ point: UnsafePointer<blst_p1>) throws(IBEError) {
      guard !blst_p1_is_inf(point) else { throw .invalidPoint }
      var affine = blst_p1_affine()
      blst_p1_to_affine(&affine, point)
      var bytes = Bytes<48>()
      var target = bytes.mutableBytes
      target.withUnsafeMutableBytes { blst_p1_affine_compress($0.u8, &affine) }
      self.bytes = bytes
      self.affine = affine
    }

    /// The generator times a secret number, in constant time.
    ///
    /// - Throws: ``IBEError/invalidPoint`` when the number is 0.
    init(generatorTimes scalar: borrowing Scalar) throws(IBEError) {
      let product = Place<blst_p1>()
      defer {
        product.wipe()
        countersign_clear_stack()
      }
      blst_sk_to_pk_in_g1(product.pointer, scalar.pointer)
      try self.init(product.pointer)
    }

    static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
  }
#endif
