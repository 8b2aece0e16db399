// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Registry
import Synchronization

/// Which certificates in the registry's rows have been verified as the owner's, so that each is checked once: whoever can write
/// to the registry must not be able to create a device. Of bounded size; when full, it starts empty again.
final class VerifiedCertificates: Sendable {
  private let capacity: Int
  private let known = Mutex<[X25519.PublicKey: Certificate]>([:])

  init(capacity: Int = 65_536) {
    self.capacity = capacity
  }

  /// Checks a signature, or that a credential leads to its key.
  ///
  /// - Throws: ``AdmissionRefusal/invalidCertificate``.
  func check(_ certificate: Certificate, under authority: Authority) throws(AdmissionRefusal) {
    if contains(certificate) { return }
    if let credential = certificate.identityCredential {
      let key = try? credential.publicKey(under: authority.identityMaster.publicKey)
      guard key == certificate.publicKey else { throw .invalidCertificate }
    } else {
      guard certificate.isSigned(by: authority.issuerKey) else { throw .invalidCertificate }
    }
    insert(certificate)
  }

  func contains(_ certificate: Certificate) -> Bool {
    known.withLock { $0[certificate.publicKey] == certificate }
  }

  /// Remembers a certificate that has been checked elsewhere.
  func insert(_ certificate: Certificate) {
    known.withLock { known in
      if known.count >= capacity { known.removeAll() }
      known[certificate.publicKey] = certificate
    }
  }
}
