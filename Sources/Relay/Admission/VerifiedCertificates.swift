import Credentials
import Primitives
import Synchronization

/// Which certificates of the registry's rows have been found to be signed by the owner, so that each is checked once: whoever can
/// write the registry must not be able to make a device of it. Of bounded size; when it is full it begins anew.
final class VerifiedCertificates: Sendable {
  private let capacity: Int
  private let signatures = Mutex<[X25519.PublicKey: Certificate]>([:])

  init(capacity: Int = 65_536) {
    self.capacity = capacity
  }

  /// - Throws: ``AdmissionRefusal/invalidCertificate``.
  func check(_ certificate: Certificate, under issuerKey: Ed25519.PublicKey) throws(AdmissionRefusal) {
    if signatures.withLock({ $0[certificate.publicKey] == certificate }) { return }
    guard certificate.isSigned(by: issuerKey) else { throw .invalidCertificate }
    signatures.withLock { known in
      if known.count >= capacity { known.removeAll() }
      known[certificate.publicKey] = certificate
    }
  }
}
