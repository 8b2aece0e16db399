import ArgumentParser
import Assembly
import Credentials
import Foundation
import Primitives
import Registry

/// `countersign audit --certificate`: was this certificate issued by the books, or behind the owner's back?
struct CertificateAudit {
  private let registry: SQLiteRegistry
  private let output: OutputOptions

  init(_ registry: SQLiteRegistry, _ output: OutputOptions) {
    self.registry = registry
    self.output = output
  }

  private struct Result: Encodable {
    let verdict: String
    let device: String
    let generation: Generation
    let proof: String?
  }

  func run(_ file: String, proof path: String?) throws {
    let certificate = try certificate(in: file)
    let verdict = try registering { () throws(RegistryError) in try registry.verdict(on: certificate) }
    let (word, sentence) = Self.words(verdict, certificate)
    var proof: PEM?
    if case .contradicted(_, let found) = verdict { proof = found.map { PEM($0) } }
    if let path, let proof {
      var file = try OutputFile(creating: path)
      try file.write(Array(proof.text.utf8))
    }
    if output.isJSON {
      try printJSON(
        Result(
          verdict: word, device: certificate.fields.device.description, generation: certificate.fields.generation,
          proof: proof?.text))
    } else {
      print(sentence)
    }
    if verdict != .entered { throw ExitCode(Failure.Status.dataError.rawValue) }
  }

  private static func words(_ verdict: IssuanceVerdict, _ certificate: Certificate) -> (String, String) {
    let name = "generation \(certificate.fields.generation) of device \(certificate.fields.device)"
    let isSigned = certificate.signature != nil
    let made = isSigned ? "the owner's key signed" : "under the owner's master key there is"
    return switch verdict {
    case .entered: ("entered", "Issued by the books: \(name).")
    case .missing:
      (
        "missing",
        "MISISSUED: \(made) \(name), and the books have no such key."
          + (isSigned ? "" : " That its holder had the key, whoever met it knows.")
      )
    case .contradicted(_, let found):
      (
        "contradicted",
        "MISISSUED: \(made) \(name), which by the books belongs to another key."
          + (found == nil
            ? ""
            : isSigned
              ? " Both certificates together prove it to anybody."
              : " Both credentials together prove it to whoever knows that both were used.")
      )
    case .foreign: ("foreign", "Not issued by this owner's key: it proves nothing.")
    }
  }

  /// A certificate, or an identity-based credential with the key that it leads to here.
  private func certificate(in file: String) throws -> Certificate {
    let bytes = try readInput(file)
    let content =
      try PEM.isPresent(in: bytes)
      ? assembling { () throws(AssemblyError) in try PEM(parsing: bytes).content } : bytes
    do throws(CredentialsError) {
      guard content.count == IdentityCredential.encodedLength else { return try Certificate(decoding: content.bytes) }
      let credential = try IdentityCredential(decoding: content.bytes)
      // One that leads to no key here is another's: any key will do for saying so.
      let master = try? registry.state().masterKey
      let key = master.flatMap { try? credential.publicKey(under: $0) }
      return Certificate(credential, publicKey: key ?? Bytes())
    } catch {
      throw Failure(.dataError, "\(file) holds no certificate: \(error.words)")
    }
  }
}

extension PEM {
  /// What proves a second issuance.
  init(_ contradiction: Contradiction) {
    switch contradiction {
    case .certificates: self.init(.misissuanceProof, contradiction.encoded)
    case .credentials: self.init(.misissuanceEvidence, contradiction.encoded)
    }
  }
}
