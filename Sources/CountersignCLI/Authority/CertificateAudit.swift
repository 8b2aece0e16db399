import ArgumentParser
import Assembly
import Credentials
import Foundation
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
    let bytes = try readInput(file)
    let content =
      try PEM.isPresent(in: bytes)
      ? assembling { () throws(AssemblyError) in try PEM(parsing: bytes).content } : bytes
    let certificate: Certificate
    do { certificate = try Certificate(decoding: content.bytes) } catch {
      throw Failure(.dataError, "\(file) holds no certificate: \(error.words)")
    }
    let verdict = try registering { () throws(RegistryError) in try registry.verdict(on: certificate) }
    let name = "generation \(certificate.fields.generation) of device \(certificate.fields.device)"
    var proof: MisissuanceProof?
    let (word, sentence): (String, String) =
      switch verdict {
      case .entered: ("entered", "Issued by the books: \(name).")
      case .missing:
        ("missing", "MISISSUED: the owner's key signed \(name), and the books have no such key.")
      case .contradicted(_, let found):
        (
          "contradicted",
          "MISISSUED: the owner's key signed \(name), which by the books belongs to another key."
            + (found == nil ? "" : " Both certificates together prove it to anybody.")
        )
      case .foreign: ("foreign", "Not signed by this owner's key: it proves nothing.")
      }
    if case .contradicted(_, let found) = verdict { proof = found }
    if let path, let proof {
      var file = try OutputFile(creating: path)
      try file.write(Array(PEM(.misissuanceProof, encoded(proof)).text.utf8))
    }
    if output.isJSON {
      try printJSON(
        Result(
          verdict: word, device: certificate.fields.device.description, generation: certificate.fields.generation,
          proof: proof.map { PEM(.misissuanceProof, encoded($0)).text }))
    } else {
      print(sentence)
    }
    if verdict != .entered { throw ExitCode(Failure.Status.dataError.rawValue) }
  }

  private func encoded(_ proof: MisissuanceProof) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: MisissuanceProof.encodedLength)
    var span = bytes.mutableBytes
    proof.encode(into: &span)
    return bytes
  }
}
