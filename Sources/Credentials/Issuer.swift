// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Wire

/// The server's side of credentials: signs certificates and statements under one key.
public struct Issuer<Key: Signer> {
  public let signer: Key
  public let keyID: IssuerKeyID

  public init(_ signer: Key) {
    self.signer = signer
    keyID = IssuerKeyID(signer.publicKey)
  }

  /// Certifies a device's public key, or an application's.
  public func certificate(
    for publicKey: X25519.PublicKey, system: SystemID, device: DeviceID, generation: Generation, lastEpoch: Epoch,
    isApplication: Bool = false
  ) throws(CredentialsError) -> Certificate {
    let fields = CertificateFields(
      issuer: keyID, system: system, device: device, generation: generation, lastEpoch: lastEpoch,
      isApplication: isApplication)
    var signed = SignedBytes()
    fields.layOut(in: &signed, with: publicKey)
    let signature = try signer.signature(for: signed.bytes)
    return Certificate(fields: fields, publicKey: publicKey, signature: signature)
  }

  /// Signs a statement.
  public func statement<Content: StatementContent>(_ content: Content) throws(CredentialsError) -> Statement<Content> {
    var signed = SignedBytes()
    content.layOut(in: &signed, issuer: keyID)
    return Statement(issuer: keyID, content: content, signature: try signer.signature(for: signed.bytes))
  }
}

extension Issuer: Sendable where Key: Sendable {}
