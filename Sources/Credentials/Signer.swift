// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// Whatever holds the server's signing key: this process, or a module or a service that never gives the key away.
public protocol Signer {
  var publicKey: Ed25519.PublicKey { get }

  /// The Ed25519 signature over `message`.
  ///
  /// - Throws: ``CredentialsError/signerUnavailable`` when the key is out of reach.
  func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature
}

extension IssuerKeyID {
  /// The id of a signing key: the first two bytes of SHA-256 over a label and the public key.
  public init(_ publicKey: Ed25519.PublicKey) {
    var hash = Hash.SHA256()
    let label: StaticString = "countersign-v1 issuer key id"
    hash.update(label)
    hash.update(publicKey.bytes)
    var digest = Bytes<32>()
    var bytes = digest.mutableBytes
    hash.finalize(into: &bytes)
    self.init(UInt16(digest[0]) << 8 | UInt16(digest[1]))
  }
}
