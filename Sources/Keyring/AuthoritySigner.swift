// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Secrecy

/// Whatever signs for the authority: the key derived from its root, or a module or service elsewhere.
public struct AuthoritySigner: Signer, Sendable {
  private let base: any Signer & Sendable

  public init(_ base: any Signer & Sendable) {
    self.base = base
  }

  public var publicKey: Ed25519.PublicKey { base.publicKey }

  public func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature {
    try base.signature(for: message)
  }
}

/// The issuer that a registry certifies with.
public typealias AuthorityIssuer = Issuer<AuthoritySigner>

/// The signing key that is derived from the authority's root, in this process's memory. It never moves once made.
final class RootSigner: Signer, @unchecked Sendable {
  // Immutable after init, so that threads may share it; the compiler cannot see that of a move-only value.
  private let key: Ed25519.PrivateKey
  private var pages = PageLock()

  init(seed: RawSpan) throws(CryptoError) {
    key = try Ed25519.PrivateKey(seed: seed)
    pages.hold(self)
  }

  var publicKey: Ed25519.PublicKey { key.publicKey }

  func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature {
    key.signature(for: message)
  }
}
