// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring

/// An identity-based credential as the registry keeps it: what the device shows, and what it takes to answer a repeated request.
public struct IssuedCredential: Equatable, Sendable {
  /// The credential with the key that it leads to.
  public let certificate: Certificate
  /// The device's point, and what the issuer answered; zero where the credential was not blinded.
  public let request: Bytes<32>
  public let contribution: Bytes<32>

  public init(_ certificate: Certificate, request: Bytes<32> = Bytes(), contribution: Bytes<32> = Bytes()) {
    self.certificate = certificate
    self.request = request
    self.contribution = contribution
  }

  /// The answer to `request`; nil for a credential that was not blinded.
  public var answer: BlindedCredential? {
    guard request != Bytes(), let credential = certificate.identityCredential else { return nil }
    return BlindedCredential(credential: credential, contribution: contribution)
  }

  /// Answers a device's request under the authority's master key.
  public init(
    _ fields: CertificateFields, request: Bytes<32>, authority: Authority
  ) throws(CredentialsError) {
    let answer = try authority.identityMaster.issueBlinded(fields, request: request)
    let key = try answer.credential.publicKey(under: authority.identityMaster.publicKey)
    self.init(
      Certificate(answer.credential, publicKey: key), request: request, contribution: answer.contribution)
  }
}
