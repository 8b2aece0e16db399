// SPDX-License-Identifier: Apache-2.0

import CSodium

extension Hash {
  /// SHA-256 (FIPS 180-4).
  public struct SHA256: Hash.Function {
    public static var digestLength: Int { 32 }
    public static var blockLength: Int { 64 }
    public static var noiseName: StaticString { "SHA256" }

    private var state = crypto_hash_sha256_state()

    public init() {
      crypto_hash_sha256_init(&state)
    }

    public mutating func update(_ data: RawSpan) {
      data.withUnsafeBytes { bytes in
        _ = crypto_hash_sha256_update(&state, bytes.u8, UInt64(bytes.count))
      }
    }

    public mutating func finalize(into digest: inout MutableRawSpan) {
      precondition(digest.byteCount >= Self.digestLength)
      digest.withUnsafeMutableBytes { _ = crypto_hash_sha256_final(&state, $0.u8) }
    }
  }
}

extension Hash {
  /// SHA-512 (FIPS 180-4).
  public struct SHA512: Hash.Function {
    public static var digestLength: Int { 64 }
    public static var blockLength: Int { 128 }
    public static var noiseName: StaticString { "SHA512" }

    private var state = crypto_hash_sha512_state()

    public init() {
      crypto_hash_sha512_init(&state)
    }

    public mutating func update(_ data: RawSpan) {
      data.withUnsafeBytes { bytes in
        _ = crypto_hash_sha512_update(&state, bytes.u8, UInt64(bytes.count))
      }
    }

    public mutating func finalize(into digest: inout MutableRawSpan) {
      precondition(digest.byteCount >= Self.digestLength)
      digest.withUnsafeMutableBytes { _ = crypto_hash_sha512_final(&state, $0.u8) }
    }
  }
}
