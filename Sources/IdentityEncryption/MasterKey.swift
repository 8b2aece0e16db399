// SPDX-License-Identifier: Apache-2.0

#if IdentityEncryption
  import CBlst
  import CountersignCrypto

  extension IBE {
    /// The public half of an issuer's key: with an identity, all that a sender needs.
    public struct MasterPublicKey: Hashable, Sendable {
      let point: PublicPoint

      init(_ point: PublicPoint) { self.point = point }

      /// - Throws: ``IBEError/invalidPoint`` for bytes that are not 48, not canonical, not on the curve or not in the group, and
      ///   for the neutral point.
      public init(decoding bytes: RawSpan) throws(IBEError) { point = try PublicPoint(decoding: bytes) }

      /// Its one encoding.
      public var bytes: Bytes<48> { point.bytes }
    }

    /// The issuer's key. Whoever has it can open every message to every identity.
    public struct MasterKey: ~Copyable, Sendable {
      let scalar = Scalar()
      public let publicKey: MasterPublicKey

      /// The key that follows from a seed: HKDF-SHA512(seed, salt "countersign-v1 ibe master", info "scalar", 64 bytes) modulo the
      /// order of the group.
      ///
      /// - Parameter seed: 32 secret bytes.
      /// - Throws: ``IBEError/invalidScalar`` when that is 0, to which no known seed leads.
      public init(seed: RawSpan) throws(IBEError) {
        let salt: StaticString = "countersign-v1 ibe master"
        let info: StaticString = "scalar"
        var wide = SecretBytes<64>()
        defer { wide.wipe() }
        var target = wide.mutableBytes
        Hash.HKDF<Hash.SHA512>.deriveKey(
          inputKeyMaterial: seed, salt: RawSpan(_unsafeStart: salt.utf8Start, byteCount: salt.utf8CodeUnitCount),
          info: RawSpan(_unsafeStart: info.utf8Start, byteCount: info.utf8CodeUnitCount), into: &target)
        guard scalar.reduce(wide.bytes) else { throw .invalidScalar }
        publicKey = MasterPublicKey(try PublicPoint(generatorTimes: scalar))
      }

      /// Writes the key of an identity. Whoever has the master key can do so at any time, also for a device that does not exist.
      public func extract(_ identity: Identity, into key: inout SecretBytes<96>) {
        scalar.extract(identity, into: &key)
      }

      /// Overwrites the secret half.
      public mutating func wipe() { scalar.wipe() }
    }
  }
#endif
