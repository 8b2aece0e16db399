// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  extension IBE {
    /// What opens the messages to one identity.
    public struct DeviceKey: ~Copyable, Sendable {
      public let identity: Identity
      public let issuer: MasterPublicKey
      let point = KeyPoint()
      /// What stands for sigma where an encapsulation is refused.
      private var rejection = SecretBytes<32>()

      /// The key of 96 bytes that an issuer, or enough holders of its shares, gave for an identity. A pairing checks it, so that the
      /// way it came need not be trusted to leave it unchanged.
      ///
      /// - Throws: ``IBEError/invalidPoint`` for bytes that are no point of the group, ``IBEError/wrongDeviceKey`` for those of
      ///   another key.
      public init(decoding bytes: RawSpan, of identity: Identity, from issuer: MasterPublicKey) throws(IBEError) {
        self.identity = identity
        self.issuer = issuer
        try point.decode(bytes)
        guard point.isProduct(of: identity, under: issuer.point) else {
          point.wipe()
          throw .wrongDeviceKey
        }
        var digest = rejection.mutableBytes
        var hash = Hash.SHA256()
        hash.update("countersign-v1 ibe rejection secret")
        hash.update(bytes)
        hash.finalize(into: &digest)
      }

      /// Writes the key that was encapsulated.
      ///
      /// An encapsulation that nobody made for this identity gives a key that only this device can compute, in the same time: who
      /// sent it learns nothing but what a message under that key then shows, that it does not open.
      ///
      /// - Throws: ``IBEError/cannotOpen`` for bytes that are not 80 or whose point is not one of the group, which anyone can see.
      public func decapsulate(_ encapsulation: RawSpan, into key: inout SecretBytes<32>) throws(IBEError) {
        guard
          encapsulation.byteCount == encapsulationLength,
          let u = try? PublicPoint(decoding: encapsulation.extracting(..<publicKeyLength))
        else { throw .cannotOpen }
        let context = Context(identity, issuer)
        var value = SecretBytes<576>()
        var sigma = SecretBytes<32>()
        var refused = SecretBytes<32>()
        let r = Scalar()
        defer {
          value.wipe()
          sigma.wipe()
          refused.wipe()
          r.wipe()
          countersign_clear_stack()
        }
        var affine = u.affine
        point.pair(with: &affine, into: &value)
        var unmasked = sigma.mutableBytes
        mask(encapsulation.extracting(publicKeyLength...), with: value, into: &unmasked)
        _ = context.derive(r, from: sigma)
        context.derive(&key, from: sigma.bytes, encapsulation)
        context.deriveRejection(&refused, from: rejection.bytes, encapsulation)
        select(&key, if: r.generates(u), else: refused)
      }

      /// Overwrites the key.
      public mutating func wipe() {
        point.wipe()
        rejection.wipe()
      }
    }

    /// Keeps `key` or replaces it, in the same time.
    private static func select(
      _ key: inout SecretBytes<32>, if condition: Bool, else other: borrowing SecretBytes<32>
    ) {
      let keep = UInt8(truncatingIfNeeded: valueBarrier(0 &- UInt32(condition ? 1 : 0)))
      var bytes = key.mutableBytes
      for index in 0..<32 {
        let mine = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) & keep
        let others = other.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) & ~keep
        bytes.storeBytes(of: mine | others, toByteOffset: index, as: UInt8.self)
      }
    }
  }

  extension Place where T == blst_scalar {
    /// Whether the generator times this number is `point`. The product is as secret as the number until it is known to be.
    func generates(_ point: PublicPoint) -> Bool {
      let product = Place<blst_p1>()
      var encoded = SecretBytes<48>()
      defer {
        product.wipe()
        encoded.wipe()
      }
      blst_sk_to_pk_in_g1(product.pointer, pointer)
      var target = encoded.mutableBytes
      target.withUnsafeMutableBytes { blst_p1_compress($0.u8, product.pointer) }
      return constantTimeEquals(encoded.bytes, point.bytes.bytes)
    }
  }
#endif
