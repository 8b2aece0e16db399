// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import Device
import DeviceHost
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Wire

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a certificate, a statement, a device file or a key file holds, never a secret.",
    discussion: """
      Takes bytes, PEM armour or hexadecimal digits, from a file or, with -, from standard input. Given an authority or its \
      issuer key, it also checks the signature, and exits 65 if that does not verify.

      Examples:
        countersign inspect pump.pem
        countersign inspect pump.device --dir fleet
        countersign device show --dir fleet 00a0b1c2d3e4f506 --pem \\
          | countersign inspect - --output json
        countersign inspect pump.device --pem > pump.pem
      """)

  @Argument(help: "The file, or - for standard input.") var file: String
  @OptionGroup var authority: AuthorityOptions
  @Option(name: .long, help: ArgumentHelp("Check signatures under this key, 64 hexadecimal digits.", valueName: "key"))
  var issuerKey: String?
  @Option(
    name: .long,
    help: ArgumentHelp("Compute identity-based keys under this master key, 64 hexadecimal digits.", valueName: "key"))
  var masterKey: String?
  @Flag(
    name: .long, help: "Print the certificate or statement in PEM armour instead; for a device file, its certificate.")
  var pem = false
  @OptionGroup var output: OutputOptions

  /// Nothing that this program writes is longer.
  private static let maximumLength = 1 << 16

  func run() throws {
    var bytes = try readInput(file)
    defer { wipe(&bytes) }
    guard bytes.count <= Self.maximumLength else { throw Self.unknown(file) }
    let object = try Self.object(in: bytes, file)
    // What does not parse here is not armoured.
    let inspection = try inspect(object)
    if pem {
      try Self.check(inspection, file)
      return print(try armoured(object), terminator: "")
    }
    if output.isJSON { try printJSON(inspection) } else { printLine(inspection.text) }
    try Self.check(inspection, file)
  }

  private static func check(_ inspection: Inspection, _ file: String) throws(Failure) {
    guard inspection.hasInvalidSignature else { return }
    throw Failure(
      .dataError, "\(file): the signature was not made by this issuer key",
      hint: "It is from another authority, or was changed. Do not trust what it says.")
  }

  func validate() throws {
    if pem && output.isJSON { throw ValidationError("--pem prints PEM: it excludes --output json.") }
  }

  /// Takes off what an object may be wrapped in: armour or hexadecimal digits.
  private static func object(in bytes: [UInt8], _ file: String) throws(Failure) -> [UInt8] {
    if PEM.isPresent(in: bytes) {
      let pem = try assembling { () throws(AssemblyError) in try PEM(parsing: bytes) }
      guard label(of: pem.content) == pem.label else {
        throw Failure(.dataError, "the armour says \(pem.label.rawValue.lowercased()), but holds something else")
      }
      return pem.content
    }
    let text = bytes.filter { !" \t\r\n".utf8.contains($0) }
    if !text.isEmpty, let object = CountersignCLI.bytes(hexadecimal: String(decoding: text, as: UTF8.self)) {
      return object
    }
    return bytes
  }

  private static func label(of object: [UInt8]) -> PEM.Label? {
    guard let first = object.first, first >> 4 == WireKind.version else { return nil }
    return switch WireKind(rawValue: first & 15) {
    case .certificate: .certificate
    case .epochStatement: .epochStatement
    case .revocationStatement: .revocationStatement
    case .rotationStatement: .rotationStatement
    case .policyStatement: .policyStatement
    case .identityCredential:
      object.count == BlindedCredential.encodedLength ? .blindedCredential : .identityCredential
    case .misissuanceEvidence: .misissuanceEvidence
    case .issuanceStatement: .issuanceStatement
    case .misissuanceProof: .misissuanceProof
    case nil: nil
    }
  }

  private func inspect(_ object: [UInt8]) throws -> Inspection {
    let check = SignatureCheck(issuerKey: try trustedKey(), masterKey: try trustedMaster())
    do {
      if object.starts(with: Array("CSDF".utf8)) { return try Inspection(deviceFile: object, check) }
      if SymmetricIdentity.isFile(object.bytes) { return try Inspection(symmetricFile: object) }
      if object.starts(with: Array("CSKF".utf8)) { return try Inspection(keyFile: object) }
      switch Self.label(of: object) {
      case .certificate: return try Inspection(certificate: object, check)
      case .epochStatement: return try Inspection(epoch: object, check)
      case .revocationStatement: return try Inspection(revocation: object, check)
      case .rotationStatement: return try Inspection(rotation: object, check)
      case .policyStatement: return try Inspection(policy: object, check)
      case .identityCredential: return try Inspection(identityCredential: object, check)
      case .blindedCredential: return try Inspection(blindedCredential: object, check)
      case .misissuanceEvidence: return try Inspection(evidence: object, check)
      case .issuanceStatement: return try Inspection(issuance: object, check)
      case .misissuanceProof: return try Inspection(proof: object, check)
      case nil: throw Self.unknown(file)
      }
    } catch let error as CredentialsError {
      throw Failure(.dataError, "\(file) is damaged: \(error.words)")
    } catch let error as WireError {
      throw Failure(.dataError, "\(file) is damaged: \(error.words)")
    } catch let error as DeviceError {
      throw Failure(DeviceHostError.device(error))
    } catch let error as RegistryError {
      throw Failure(error)
    }
  }

  private func armoured(_ object: [UInt8]) throws -> String {
    if object.starts(with: Array("CSDF".utf8)) {
      var identity = DeviceIdentity()
      do { try identity.load(object.bytes) } catch { throw Failure(DeviceHostError.device(error)) }
      guard let certificate = identity.certificate else { throw Failure(DeviceHostError.device(.noUsableKey)) }
      return PEM(certificate).text
    }
    guard let label = Self.label(of: object) else { throw Failure(.dataError, "a key file is never armoured") }
    return PEM(label, object).text
  }

  private func trustedMaster() throws -> MasterPublicKey? {
    if let masterKey {
      guard let raw = CountersignCLI.bytes(hexadecimal: masterKey), let bytes = try? Bytes<32>(copying: raw.bytes),
        let key = try? MasterPublicKey(decoding: bytes)
      else { throw Failure(.usage, "--master-key takes 64 hexadecimal digits, a point of Edwards25519") }
      return key
    }
    guard authority.dir != nil || environment("COUNTERSIGN_DIR") != nil else { return nil }
    let registry = try authority.registry("inspect")
    return try registering { () throws(RegistryError) in try registry.state().masterKey }
  }

  private func trustedKey() throws -> Ed25519.PublicKey? {
    if let issuerKey {
      guard let raw = CountersignCLI.bytes(hexadecimal: issuerKey), let key = try? Ed25519.PublicKey(copying: raw.bytes)
      else {
        throw Failure(.usage, "--issuer-key takes 64 hexadecimal digits")
      }
      return key
    }
    guard authority.dir != nil || environment("COUNTERSIGN_DIR") != nil else { return nil }
    let registry = try authority.registry("inspect")
    return try registering { () throws(RegistryError) in try registry.state().issuerKey }
  }

  private static func unknown(_ file: String) -> Failure {
    Failure(
      .dataError, "\(file) holds nothing that this program recognises",
      hint: "It reads certificates, statements, device files and key files: bytes, PEM or hexadecimal digits.")
  }
}
