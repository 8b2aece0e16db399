import Credentials
import Primitives

/// Whether a signature was looked at, and what came of it.
struct SignatureCheck {
  /// The key to check under; nil leaves the signature unchecked.
  let issuerKey: Ed25519.PublicKey?

  static let invalid = Inspection.Value.text("invalid")

  func words(_ isSigned: (Ed25519.PublicKey) -> Bool) -> Inspection.Value {
    guard let issuerKey else { return .text("not checked") }
    return isSigned(issuerKey) ? .text("valid") : Self.invalid
  }
}

extension Inspection {
  init(certificate bytes: [UInt8], _ check: SignatureCheck) throws(CredentialsError) {
    let certificate = try Certificate(decoding: bytes.bytes)
    self.init(kind: "certificate")
    add("version", .number(Int(WireKind.version)))
    add("issuer", .text(hexadecimal(certificate.fields.issuer.rawValue)))
    add("system", .number(Int(certificate.fields.system.rawValue)))
    add("device", .text(certificate.fields.device.description))
    add("generation", .number(Int(certificate.fields.generation)))
    add("last_epoch", .number(Int(certificate.fields.lastEpoch)))
    add("public_key", .text(hexadecimal(certificate.publicKey.bytes)))
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

  init(epoch bytes: [UInt8], _ check: SignatureCheck) throws(CredentialsError) {
    let statement = try EpochStatement(decoding: bytes.bytes)
    self.init(statement, kind: "epoch statement", check)
    add("epoch", .number(Int(statement.content.epoch)))
    cut(bytes, Self.head + [("epoch", 2), ("signature", 64)])
  }

  init(revocation bytes: [UInt8], _ check: SignatureCheck) throws(CredentialsError) {
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

  init(policy bytes: [UInt8], _ check: SignatureCheck) throws(CredentialsError) {
    let statement = try PolicyStatement(decoding: bytes.bytes)
    self.init(statement, kind: "policy statement", check)
    add("from", .number(Int(statement.content.from.rawValue)))
    add("to", .number(Int(statement.content.to.rawValue)))
    add("last_epoch", .number(Int(statement.content.lastEpoch)))
    cut(bytes, Self.head + [("from", 4), ("to", 4), ("last epoch", 2), ("signature", 64)])
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
