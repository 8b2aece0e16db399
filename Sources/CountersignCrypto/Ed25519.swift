// SPDX-License-Identifier: Apache-2.0

import CSodium

/// Ed25519 signatures (RFC 8032, section 5.1).
public enum Ed25519 {
  /// Length of a signature, in bytes.
  public static let signatureLength = 64

  public typealias PublicKey = Bytes<32>
  public typealias Signature = Bytes<64>

  /// A signing key, expanded from a 32-byte seed.
  public struct PrivateKey: ~Copyable, Sendable {
    /// libsodium's form: the seed, then the public key.
    private var expanded: SecretBytes<64>
    public private(set) var publicKey: PublicKey

    /// The key that RFC 8032, section 5.1.5 derives from a 32-byte seed.
    public init(seed: RawSpan) throws(CryptoError) {
      guard seed.byteCount == 32 else { throw .wrongLength(expected: 32, actual: seed.byteCount) }
      expanded = SecretBytes()
      publicKey = PublicKey()
      var secret = expanded.mutableBytes
      var open = publicKey.mutableBytes
      secret.withUnsafeMutableBytes { secret in
        open.withUnsafeMutableBytes { open in
          seed.withUnsafeBytes { seed in
            _ = crypto_sign_ed25519_seed_keypair(open.u8, secret.u8, seed.u8)
          }
        }
      }
    }

    /// The signature over `message`. Signing is deterministic.
    public borrowing func signature(for message: RawSpan) -> Signature {
      var signature = Signature()
      var output = signature.mutableBytes
      output.withUnsafeMutableBytes { result in
        expanded.bytes.withUnsafeBytes { key in
          message.withUnsafeBytes { message in
            _ = crypto_sign_ed25519_detached(result.u8, nil, message.u8, UInt64(message.count), key.u8)
          }
        }
      }
      return signature
    }
  }

  /// Whether `signature` over `message` verifies under `publicKey`. Non-canonical scalars and small-order keys fail.
  public static func isValid(
    _ signature: Signature, for message: RawSpan, under publicKey: PublicKey
  ) -> Bool {
    isValid(signature.bytes, for: message, under: publicKey.bytes)
  }

  /// ``isValid(_:for:under:)`` with signature and key, of 64 and 32 bytes, borrowed from elsewhere: a small device has no memory
  /// for a copy, because verifying takes most of its stack.
  public static func isValid(_ signature: RawSpan, for message: RawSpan, under publicKey: RawSpan) -> Bool {
    guard signature.byteCount == signatureLength, publicKey.byteCount == 32 else { return false }
    return signature.withUnsafeBytes { signature in
      message.withUnsafeBytes { message in
        publicKey.withUnsafeBytes { key in
          crypto_sign_ed25519_verify_detached(signature.u8, message.u8, UInt64(message.count), key.u8) == 0
        }
      }
    }
  }
}
