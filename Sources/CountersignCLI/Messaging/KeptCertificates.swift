// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import DeviceHost
import Files
import Foundation
import CountersignCrypto
import Registry
import SystemPackage
import Wire

/// `--keep-certificates`: the certificates of other devices met, each in a file, so that one minted behind the owner's back is
/// still there when somebody asks for it.
struct KeepCertificatesOption: ParsableArguments {
  @Option(
    name: .customLong("keep-certificates"),
    help: ArgumentHelp(
      "Keep the certificate of each device met, for the owner's audit --certificate.",
      valueName: "directory"))
  var directory: String?

  /// Keeps what a session shows. Nothing without the option.
  func keeper() throws(Failure) -> KeptCertificates? {
    guard let directory else { return nil }
    do { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) } catch {
      throw Failure(.cannotCreate, "cannot create \(directory): \(error.localizedDescription)")
    }
    do { try OwnFile.checkDirectory(of: directory + "/.") } catch { throw Failure(error) }
    return KeptCertificates(directory)
  }
}

/// A directory of certificates, named by system, device, generation and key.
struct KeptCertificates {
  static let suffix = ".certificate.pem"
  /// A certificate as text is far shorter.
  private static let maximumLength = 4096
  private let directory: String

  init(_ directory: String) { self.directory = directory }

  /// Keeps a certificate unless it, or an earlier one of the same key, is there. If it contradicts another one there, the device
  /// says so at once, and the two become a proof beside them.
  func keep(_ certificate: Certificate) {
    let fields = certificate.fields
    let subject = "\(fields.system.rawValue)-\(fields.device)-\(fields.generation)-"
    let name = subject + hexadecimal(certificate.publicKey.bytes)
    let path = directory + "/" + name + Self.suffix
    guard access(path, F_OK) != 0 else { return }
    let others = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    do { try write(PEM(certificate), to: path) } catch {
      return printWarning("cannot keep the certificate of \(fields.address): \(error.message)")
    }
    for other in others.sorted() where other.hasPrefix(subject) && other.hasSuffix(Self.suffix) {
      guard let contradiction = read(other).flatMap({ Contradiction($0, certificate) }) else { continue }
      accuse(fields, contradiction, directory + "/" + name + ".misissued.pem")
    }
  }

  private func accuse(_ fields: CertificateFields, _ contradiction: Contradiction, _ path: String) {
    do { try write(PEM(contradiction), to: path) } catch {
      return printWarning("cannot write \(path): \(error.message)")
    }
    printWarning(
      "MISISSUED: \(fields.address) was met with two keys of generation \(fields.generation). Give the owner \(path).")
  }

  /// A kept certificate. The key of a credential does not matter here: two points are enough for a contradiction.
  private func read(_ name: String) -> Certificate? {
    let path = directory + "/" + name
    guard let descriptor = try? OwnFile.open(path, .readOnly, isInKnownDirectory: true) else { return nil }
    let file = FileHandle(fileDescriptor: descriptor.rawValue, closeOnDealloc: true)
    guard let data = try? file.read(upToCount: Self.maximumLength), let pem = try? PEM(parsing: [UInt8](data)) else {
      return nil
    }
    switch pem.label {
    case .certificate: return try? Certificate(decoding: pem.content.bytes)
    case .identityCredential:
      return (try? IdentityCredential(decoding: pem.content.bytes)).map { Certificate($0, publicKey: Bytes()) }
    default: return nil
    }
  }

  /// By way of a second file, so that what is there is whole.
  private func write(_ pem: PEM, to path: String) throws(Failure) {
    let temporary = path + ".\(getpid()).tmp"
    unlink(temporary)
    do {
      var file = try OutputFile(creating: temporary)
      try file.write(Array(pem.text.utf8))
    }
    guard rename(temporary, path) == 0 else { throw Failure(creating: path, errno: errno) }
  }
}
