// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// Whether a signature was checked, and the result.
struct SignatureCheck {
  /// The key to check under; nil leaves the signature unchecked.
  let issuerKey: Ed25519.PublicKey?
  /// The key that identity-based credentials are issued under; nil leaves them without their public keys.
  var masterKey: MasterPublicKey?

  /// The result for a certificate of either kind.
  func words(_ certificate: Certificate) -> Inspection.Value {
    guard let credential = certificate.identityCredential else { return words(certificate.isSigned(by:)) }
    guard let masterKey else { return .text("not checked") }
    let isSound = (try? credential.publicKey(under: masterKey)) == certificate.publicKey
    return isSound ? .text("leads to this key") : Self.invalid
  }

  static let invalid = Inspection.Value.text("invalid")

  func words(_ isSigned: (Ed25519.PublicKey) -> Bool) -> Inspection.Value {
    guard let issuerKey else { return .text("not checked") }
    return isSigned(issuerKey) ? .text("valid") : Self.invalid
  }
}

extension Inspection {
  init(identityCredential bytes: [UInt8], _ check: SignatureCheck) throws {
    try self.init(IdentityCredential(decoding: bytes.bytes), kind: "identity-based credential", check)
    cut(bytes, Self.identityCredential)
  }

  init(blindedCredential bytes: [UInt8], _ check: SignatureCheck) throws {
    let answer = try BlindedCredential(decoding: bytes.bytes)
    self.init(answer.credential, kind: "answer to a request for an identity-based credential", check)
    cut(bytes, Self.identityCredential + [("contribution", 32)])
  }

  init(evidence bytes: [UInt8], _ check: SignatureCheck) throws {
    let evidence = try MisissuanceEvidence(decoding: bytes.bytes)
    self.init(evidence.first, kind: "evidence of misissuance", SignatureCheck(issuerKey: nil))
    if let masterKey = check.masterKey {
      let isSound = (try? evidence.check(under: masterKey)) != nil
      add("both_lead_to_keys", .flag(isSound))
    }
    cut(
      bytes,
      [("version and kind of evidence", 1), ("flags of evidence", 1)] + Self.identityCredential
        + Self.identityCredential.map { ("other " + $0.0, $0.1) })
  }

  private init(_ credential: IdentityCredential, kind: String, _ check: SignatureCheck) {
    self.init(kind: kind)
    add("version", .number(Int(WireKind.version)))
    add("issuer", .text(hexadecimal(credential.fields.issuer.rawValue)))
    add("system", .number(Int(credential.fields.system.rawValue)))
    add("device", .text(credential.fields.device.description))
    add("generation", .number(Int(credential.fields.generation)))
    add("last_epoch", .number(Int(credential.fields.lastEpoch)))
    add("issuance", .text(credential.issuance.words))
    add("escrow", .flag(credential.issuance == .escrow))
    add("point", .text(hexadecimal(credential.point.bytes)))
    if let masterKey = check.masterKey {
      do throws(CredentialsError) {
        let key = try credential.publicKey(under: masterKey)
        add("public_key", .text(hexadecimal(key.bytes)))
      } catch {
        add("public_key", .text("none: \(error.words)"))
        add("credential", SignatureCheck.invalid)
      }
    } else {
      add("public_key", .text("follows from the master public key, which was not given"))
    }
    add("credential_bytes", .number(IdentityCredential.encodedLength))
    add("handshake_bytes", .number(IdentityCredential.encodedLength))
  }

  private static let identityCredential = [
    ("version and kind", 1), ("flags", 1), ("issuer", 2), ("system", 4), ("device", 8), ("generation", 2),
    ("last epoch", 2), ("point", 32),
  ]

  init(certificate bytes: [UInt8], _ check: SignatureCheck) throws {
    let certificate = try Certificate(decoding: bytes.bytes)
    self.init(kind: "certificate")
    add("version", .number(Int(WireKind.version)))
    add("issuer", .text(hexadecimal(certificate.fields.issuer.rawValue)))
    add("system", .number(Int(certificate.fields.system.rawValue)))
    add("device", .text(certificate.fields.device.description))
    add("generation", .number(Int(certificate.fields.generation)))
    add("last_epoch", .number(Int(certificate.fields.lastEpoch)))
    add("public_key", .text(hexadecimal(certificate.publicKey.bytes)))
    if certificate.fields.isApplication { add("role", .text("application")) }
    add("signature", check.words(certificate.isSigned(by:)))
    add("credential_bytes", .number(Certificate.standaloneLength))
    add("handshake_bytes", .number(Certificate.handshakeLength))
    cut(
      bytes,
      [
        ("version and kind", 1), ("flags", 1), ("issuer", 2), ("system", 4), ("device", 8), ("generation", 2),
        ("last epoch", 2), ("public key", 32), ("signature", 64),
      ])
  }

  init(epoch bytes: [UInt8], _ check: SignatureCheck) throws {
    let statement = try EpochStatement(decoding: bytes.bytes)
    self.init(statement, kind: "epoch statement", check)
    add("epoch", .number(Int(statement.content.epoch)))
    cut(bytes, Self.head + [("epoch", 2), ("signature", 64)])
  }

  init(revocation bytes: [UInt8], _ check: SignatureCheck) throws {
    let statement = try RevocationStatement(decoding: bytes.bytes)
    let content = statement.content
    self.init(statement, kind: "revocation statement", check)
    add("reason", .text(content.reason.argument))
    add("system", .number(Int(content.system.rawValue)))
    add("device", .text(content.device.description))
    add("generation", .number(Int(content.generation)))
    add("for_good", .flag(content.generation == RevocationContent.everyGeneration))
    add("last_epoch", .number(Int(content.lastEpoch)))
    add("sequence", .number(Int(content.sequence)))
    cut(
      bytes,
      Self.head + [
        ("system", 4), ("device", 8), ("generation", 2), ("last epoch", 2), ("sequence", 4), ("signature", 64),
      ])
  }

  init(rotation bytes: [UInt8], _ check: SignatureCheck) throws {
    let statement = try RotationStatement(decoding: bytes.bytes)
    let content = statement.content
    self.init(statement, kind: "rotation statement", check)
    add("system", .number(Int(content.system.rawValue)))
    add("device", .text(content.device.description))
    add("generation", .number(Int(content.generation)))
    add("last_epoch", .number(Int(content.lastEpoch)))
    add("sequence", .number(Int(content.sequence)))
    cut(
      bytes,
      Self.head + [
        ("system", 4), ("device", 8), ("generation", 2), ("last epoch", 2), ("sequence", 4), ("signature", 64),
      ])
  }

  init(policy bytes: [UInt8], _ check: SignatureCheck) throws {
    let statement = try PolicyStatement(decoding: bytes.bytes)
    self.init(statement, kind: "policy statement", check)
    add("from", .number(Int(statement.content.from.rawValue)))
    add("to", .number(Int(statement.content.to.rawValue)))
    add("last_epoch", .number(Int(statement.content.lastEpoch)))
    cut(bytes, Self.head + [("from", 4), ("to", 4), ("last epoch", 2), ("signature", 64)])
  }

  init(issuance bytes: [UInt8], _ check: SignatureCheck) throws {
    let statement = try IssuanceStatement(decoding: bytes.bytes)
    self.init(statement, kind: "issuance statement", check)
    add("count", .number(Int(statement.content.count)))
    add("head", .text(hexadecimal(statement.content.head.bytes)))
    cut(bytes, Self.head + [("count", 4), ("head", 32), ("signature", 64)])
  }

  init(proof bytes: [UInt8], _ check: SignatureCheck) throws {
    let proof = try MisissuanceProof(decoding: bytes.bytes)
    let fields = proof.first.fields
    self.init(kind: "misissuance proof")
    add("version", .number(Int(WireKind.version)))
    add("issuer", .text(hexadecimal(fields.issuer.rawValue)))
    add("system", .number(Int(fields.system.rawValue)))
    add("device", .text(fields.device.description))
    add("generation", .number(Int(fields.generation)))
    add("first_key", .text(hexadecimal(proof.first.publicKey.bytes)))
    add("second_key", .text(hexadecimal(proof.second.publicKey.bytes)))
    add("proof", check.words(proof.isValid(under:)))
    cut(bytes, [("version and kind", 1), ("flags", 1), ("first certificate", 116), ("second certificate", 116)])
  }

  private static let head = [("version and kind", 1), ("flags", 1), ("issuer", 2)]

  private init<Content>(_ statement: Statement<Content>, kind: String, _ check: SignatureCheck) {
    self.init(kind: kind)
    add("version", .number(Int(WireKind.version)))
    add("issuer", .text(hexadecimal(statement.issuer.rawValue)))
    add("signature", check.words(statement.isSigned(by:)))
    add("bytes", .number(Statement<Content>.encodedLength))
  }
}
