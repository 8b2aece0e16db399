// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
  import CSodium

  /// Argon2id (RFC 9106), version 1.3 with one lane: a key from a passphrase, at a cost that the caller sets.
  public enum PasswordHash {
    /// Length of a salt, in bytes.
    public static let saltLength = 16

    /// How much work each guess of a passphrase costs.
    public struct Cost: Equatable, Sendable {
      /// Passes over the memory.
      public let passes: UInt32
      /// Memory in KiB; at least 8.
      public let memory: UInt32

      public init(passes: UInt32, memory: UInt32) {
        self.passes = passes
        self.memory = memory
      }

      /// libsodium's interactive setting: 64 MiB, about 0.1 s.
      public static let interactive = Cost(passes: 2, memory: 64 * 1024)
      /// libsodium's moderate setting: 256 MiB, about 0.7 s.
      public static let moderate = Cost(passes: 3, memory: 256 * 1024)
      /// libsodium's sensitive setting: 1 GiB, some seconds.
      public static let sensitive = Cost(passes: 4, memory: 1024 * 1024)
    }

    /// Derives a 32-byte key.
    ///
    /// - Throws: ``CryptoError/wrongLength(expected:actual:)`` for a salt of another length,
    ///   ``CryptoError/unavailable`` when the cost is out of Argon2id's range or the memory is not available.
    public static func deriveKey(
      passphrase: RawSpan, salt: RawSpan, cost: Cost, into key: inout SecretBytes<32>
    ) throws(CryptoError) {
      guard salt.byteCount == saltLength else { throw .wrongLength(expected: saltLength, actual: salt.byteCount) }
      var output = key.mutableBytes
      let status = output.withUnsafeMutableBytes { output in
        passphrase.withUnsafeBytes { passphrase in
          salt.withUnsafeBytes { salt in
            crypto_pwhash_argon2id(
              output.u8, UInt64(output.count), UnsafeRawPointer(passphrase.u8).assumingMemoryBound(to: CChar.self),
              UInt64(passphrase.count), salt.u8, UInt64(cost.passes), Int(cost.memory) * 1024,
              crypto_pwhash_argon2id_alg_argon2id13())
          }
        }
      }
      guard status == 0 else { throw .unavailable }
    }
  }
#endif
