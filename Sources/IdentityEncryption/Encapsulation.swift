// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  // The encapsulation is U || V, with sigma 32 random bytes:
  //
  //   r = SHA-512(label || sigma || Ppub || id) mod order      U = rP
  //   V = sigma xor SHA-256(label || e(rPpub, H(id)))          the receiver has it as e(U, d)
  //   key = SHA-256(label || sigma || U || V || Ppub || id)

  extension IBE {
    /// Draws a key and encapsulates it to an identity.
    ///
    /// - Parameter encapsulation: its first 80 bytes are written.
    public static func encapsulate(
      to identity: Identity, under issuer: MasterPublicKey, key: inout SecretBytes<32>,
      into encapsulation: inout MutableRawSpan
    ) {
      var sigma = SecretBytes<32>()
      defer { sigma.wipe() }
      repeat {
        sigma.fillWithRandom()
      } while !encapsulate(sigma, to: identity, under: issuer, key: &key, into: &encapsulation)
    }

    /// The same with sigma given. False for one in 2^255 of them, which have no encapsulation.
    @_spi(Testing)
    public static func encapsulate(
      _ sigma: borrowing SecretBytes<32>, to identity: Identity, under issuer: MasterPublicKey,
      key: inout SecretBytes<32>, into encapsulation: inout MutableRawSpan
    ) -> Bool {
      precondition(encapsulation.byteCount >= encapsulationLength)
      let context = Context(identity, issuer)
      let r = Scalar()
      defer {
        r.wipe()
        countersign_clear_stack()
      }
      guard context.derive(r, from: sigma), let u = try? PublicPoint(generatorTimes: r) else { return false }
      copyBytes(u.bytes.bytes, to: &encapsulation)

      let hashed = KeyPoint()
      let product = Place<blst_p1>()
      let affine = Place<blst_p1_affine>()
      var value = SecretBytes<576>()
      var masked = Bytes<32>()
      defer {
        hashed.wipe()
        product.wipe()
        affine.wipe()
        value.wipe()
      }
      hashed.hash(identity)
      var issuerPoint = issuer.point.affine
      blst_p1_from_affine(product.pointer, &issuerPoint)
      blst_p1_mult(product.pointer, product.pointer, r.bytes, Scalar.bitCount)
      blst_p1_to_affine(affine.pointer, product.pointer)
      hashed.pair(with: affine.pointer, into: &value)
      var target = masked.mutableBytes
      mask(sigma.bytes, with: value, into: &target)
      copyBytes(masked.bytes, to: &encapsulation, at: publicKeyLength)
      context.derive(&key, from: sigma.bytes, encapsulation.bytes.extracting(..<encapsulationLength))
      return true
    }

    /// sigma under its mask, or the reverse.
    static func mask(_ input: RawSpan, with value: borrowing SecretBytes<576>, into output: inout MutableRawSpan) {
      var mask = SecretBytes<32>()
      defer { mask.wipe() }
      var digest = mask.mutableBytes
      var hash = Hash.SHA256()
      hash.update("countersign-v1 ibe mask")
      hash.update(value.bytes)
      hash.finalize(into: &digest)
      for index in 0..<32 {
        let byte =
          input.unsafeLoad(fromByteOffset: index, as: UInt8.self)
          ^ mask.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        output.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
    }

    /// What both sides know before the first message, and every hash includes.
    struct Context {
      let issuer: Bytes<48>
      let identity: Bytes<16>

      init(_ identity: Identity, _ issuer: MasterPublicKey) {
        self.issuer = issuer.bytes
        self.identity = identity.bytes
      }

      /// r of sigma. False when it is 0.
      func derive(_ r: borrowing Scalar, from sigma: borrowing SecretBytes<32>) -> Bool {
        var wide = SecretBytes<64>()
        defer { wide.wipe() }
        var digest = wide.mutableBytes
        var hash = Hash.SHA512()
        hash.update("countersign-v1 ibe exponent")
        hash.update(sigma.bytes)
        hash.update(issuer.bytes)
        hash.update(identity.bytes)
        hash.finalize(into: &digest)
        return r.reduce(wide.bytes)
      }

      /// The key of sigma and an encapsulation.
      func derive(_ key: inout SecretBytes<32>, from sigma: RawSpan, _ encapsulation: RawSpan) {
        derive(&key, "countersign-v1 ibe key", sigma, encapsulation)
      }

      /// The key that the device key's own secret and an encapsulation lead to when nobody has made the latter.
      func deriveRejection(_ key: inout SecretBytes<32>, from secret: RawSpan, _ encapsulation: RawSpan) {
        derive(&key, "countersign-v1 ibe rejection", secret, encapsulation)
      }

      private func derive(
        _ key: inout SecretBytes<32>, _ label: StaticString, _ secret: RawSpan, _ encapsulation: RawSpan
      ) {
        var digest = key.mutableBytes
        var hash = Hash.SHA256()
        hash.update(label)
        hash.update(secret)
        hash.update(encapsulation)
        hash.update(issuer.bytes)
        hash.update(identity.bytes)
        hash.finalize(into: &digest)
      }
    }
  }

  extension Place where T == blst_scalar {
    /// The number's bytes, the least significant first, as blst's multiplications take it.
    var bytes: UnsafePointer<UInt8> { UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self) }
  }
#endif
