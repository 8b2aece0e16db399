// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CSodium

  /// What several parties that share a key compute with scalars. Devices do not.
  extension Edwards25519.Scalar {
    /// Becomes a small number.
    public mutating func set(_ number: UInt64) {
      var wide = Bytes<64>()
      var target = wide.mutableBytes
      target.storeBytes(of: number.littleEndian, as: UInt64.self)
      reduce(wide.bytes)
    }

    /// Becomes L minus itself.
    public mutating func negate() {
      write { crypto_core_ed25519_scalar_negate($0, $0) }
    }

    /// Becomes 1 divided by itself, in constant time.
    ///
    /// - Throws: ``CryptoError/invalidPoint`` when it is 0.
    public mutating func invert() throws(CryptoError) {
      var divisor = SecretBytes<32>()
      defer { divisor.wipe() }
      divisor.copy(from: bytes)
      var status: Int32 = 0
      write { result in status = divisor.bytes.withUnsafeBytes { crypto_core_ed25519_scalar_invert(result, $0.u8) } }
      guard status == 0 else { throw .invalidPoint }
    }

    /// Whether it is 0, found in constant time.
    public var isZero: Bool { bytes.withUnsafeBytes { sodium_is_zero($0.u8, $0.count) == 1 } }
  }
#endif
