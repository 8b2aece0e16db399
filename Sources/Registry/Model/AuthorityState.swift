// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What the registry holds about the authority itself. Nothing of it is secret.
public struct AuthorityState: Equatable, Sendable {
  public let epoch: Epoch
  public let epochStatement: EpochStatement
  /// For how many epochs after the current one a new certificate is good.
  public let certificateEpochs: Epoch
  /// The number of the latest revocation; 0 when there is none.
  public let revocationSequence: UInt32
  /// The key that signs certificates and statements.
  public let issuerKey: Ed25519.PublicKey
  /// The static key of the server's handshakes.
  public let serverKey: X25519.PublicKey
  /// Seconds since 1970.
  public let createdAt: Int64
  /// The key that identity-based credentials are issued under; nil in a registry that was made before there were any and has
  /// not been unlocked since.
  public let masterKey: MasterPublicKey?

  /// Whether a certificate is the authority's: signed by it, or a credential of its master key that leads to this key.
  public func vouches(for certificate: Certificate) -> Bool {
    guard let credential = certificate.identityCredential else { return certificate.isSigned(by: issuerKey) }
    guard let masterKey, let key = try? credential.publicKey(under: masterKey) else { return false }
    return key == certificate.publicKey
  }

  /// The number of the revocation that comes `count` after the latest.
  ///
  /// - Throws: ``RegistryError/revocationsExhausted``.
  func revocationNumber(_ count: UInt32 = 1) throws(RegistryError) -> UInt32 {
    let (sum, overflow) = revocationSequence.addingReportingOverflow(count)
    guard !overflow else { throw .revocationsExhausted }
    return sum
  }

  /// The last epoch of a certificate that is issued now.
  public var lastEpoch: Epoch {
    let (sum, overflow) = epoch.addingReportingOverflow(certificateEpochs)
    return overflow ? .max : sum
  }
}
