// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  /// A point of G2, which may be a key.
  typealias KeyPoint = Place<blst_p2_affine>

  extension Place where T == blst_p2_affine {
    /// The point that an identity is hashed to: RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_, under a tag of our own.
    func hash(_ identity: IBE.Identity) {
      let tag: StaticString = "COUNTERSIGN-V1-IBE-with-BLS12381G2_XMD:SHA-256_SSWU_RO_"
      let point = Place<blst_p2>()
      defer { point.wipe() }
      let bytes = identity.bytes
      bytes.bytes.withUnsafeBytes {
        blst_hash_to_g2(point.pointer, $0.u8, $0.count, tag.utf8Start, tag.utf8CodeUnitCount, nil, 0)
      }
      blst_p2_to_affine(pointer, point.pointer)
    }

    /// Decodes 96 bytes strictly.
    ///
    /// - Throws: ``IBEError/invalidPoint`` for bytes that are not canonical, not on the curve or not in the group, and for the
    ///   neutral point.
    func decode(_ encoded: RawSpan) throws(IBEError) {
      defer { countersign_clear_stack() }
      guard
        encoded.byteCount == IBE.deviceKeyLength,
        encoded.withUnsafeBytes({ blst_p2_uncompress(pointer, $0.u8) }) == BLST_SUCCESS,
        !blst_p2_affine_is_inf(pointer), blst_p2_affine_in_g2(pointer)
      else {
        wipe()
        throw .invalidPoint
      }
    }

    /// Whether this is `scalar` times the point of `identity`, where `publicPoint` is the generator times `scalar`:
    /// e(generator, this) = e(publicPoint, H(identity)).
    func isProduct(of identity: IBE.Identity, under publicPoint: PublicPoint) -> Bool {
      let hashed = KeyPoint()
      let mine = Place<blst_fp12>()
      let expected = Place<blst_fp12>()
      defer {
        hashed.wipe()
        mine.wipe()
        expected.wipe()
        countersign_clear_stack()
      }
      hashed.hash(identity)
      var affine = publicPoint.affine
      blst_miller_loop(mine.pointer, pointer, blst_p1_affine_generator())
      blst_miller_loop(expected.pointer, hashed.pointer, &affine)
      return blst_fp12_finalverify(mine.pointer, expected.pointer)
    }

    /// Writes the 576 bytes of e(point, this): six coefficients from w^0 to w^5, each its real part, then its imaginary one.
    func pair(with point: UnsafePointer<blst_p1_affine>, into bytes: inout SecretBytes<576>) {
      let value = Place<blst_fp12>()
      defer { value.wipe() }
      blst_miller_loop(value.pointer, pointer, point)
      blst_final_exp(value.pointer, value.pointer)
      var target = bytes.mutableBytes
      target.withUnsafeMutableBytes { blst_bendian_from_fp12($0.u8, value.pointer) }
    }
  }

  extension Place where T == blst_scalar {
    /// Writes the 96 bytes of this number times the point of `identity`.
    func extract(_ identity: IBE.Identity, into key: inout SecretBytes<96>) {
      let hashed = KeyPoint()
      let product = Place<blst_p2>()
      defer {
        hashed.wipe()
        product.wipe()
        countersign_clear_stack()
      }
      hashed.hash(identity)
      blst_p2_from_affine(product.pointer, hashed.pointer)
      blst_sign_pk_in_g1(product.pointer, product.pointer, pointer)
      var target = key.mutableBytes
      target.withUnsafeMutableBytes { blst_p2_compress($0.u8, product.pointer) }
    }
  }
#endif
