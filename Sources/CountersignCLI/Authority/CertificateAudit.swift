// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import Foundation
import CountersignCrypto
import Registry
import Wire

/// `countersign audit --certificate`: is this certificate, or each one that a device has kept, in the issuance log, or was it
/// issued behind the owner's back?
struct CertificateAudit {
  private let registry: SQLiteRegistry
  private let output: OutputOptions

  init(_ registry: SQLiteRegistry, _ output: OutputOptions) {
    self.registry = registry
    self.output = output
  }

  private struct Result: Encodable {
    let file: String?
    let verdict: String
    let device: String
    let generation: Generation
    let proof: String?
  }

  func run(_ path: String, proof: String?) throws {
    var isDirectory: ObjCBool = false
    let areAllEntered: Bool
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      guard proof == nil else {
        throw Failure(.usage, "--proof goes with one certificate", hint: "Name the file that was found misissued.")
      }
      areAllEntered = try check(directory: path)
    } else {
      areAllEntered = try check(path, try certificate(in: path), isOneOfMany: false, proof: proof)
    }
    if !areAllEntered { throw ExitCode(Failure.Status.dataError.rawValue) }
  }

  /// Every certificate in a directory that `--keep-certificates` has filled.
  private func check(directory: String) throws -> Bool {
    let kept: [(file: String, certificate: Certificate)]
    do {
      kept = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        .filter { $0.hasSuffix(KeptCertificates.suffix) }
        .map { ($0, try certificate(in: directory + "/" + $0)) }
    } catch let error as CocoaError {
      throw Failure(.noInput, "cannot read \(directory): \(error.localizedDescription)")
    }
    guard !kept.isEmpty else { throw Failure(.noInput, "\(directory) holds no certificate that was kept") }
    var areAllEntered = true
    for (file, certificate) in kept {
      areAllEntered = try check(file, certificate, isOneOfMany: true, proof: nil) && areAllEntered
    }
    return areAllEntered
  }

  private func check(
    _ file: String, _ certificate: Certificate, isOneOfMany: Bool, proof path: String?
  ) throws -> Bool {
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
          file: isOneOfMany ? file : nil, verdict: word, device: certificate.fields.device.description,
          generation: certificate.fields.generation, proof: proof?.text))
    } else {
      printLine(isOneOfMany ? "\(file)  \(sentence)" : sentence)
    }
    return verdict == .entered
  }

  private static func words(_ verdict: IssuanceVerdict, _ certificate: Certificate) -> (String, String) {
    let name = "generation \(certificate.fields.generation) of device \(certificate.fields.device)"
    let isSigned = certificate.signature != nil
    let made = isSigned ? "the owner's key signed" : "under the owner's master key there is"
    return switch verdict {
    case .entered: ("entered", "In the issuance log: \(name).")
    case .missing:
      (
        "missing",
        "MISISSUED: \(made) \(name), and the issuance log has no such key."
          + (isSigned ? "" : " Whoever met it knows that its holder had the key.")
      )
    case .contradicted(_, let found):
      (
        "contradicted",
        "MISISSUED: \(made) \(name), which according to the issuance log belongs to another key."
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
    do throws(WireError) {
      guard content.count == IdentityCredential.encodedLength else { return try Certificate(decoding: content.bytes) }
      let credential = try IdentityCredential(decoding: content.bytes)
      // A credential that leads to no key here is another authority's: any key will do to say so.
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
