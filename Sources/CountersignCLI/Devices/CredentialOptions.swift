// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Assembly
import Credentials
import Foundation
import CountersignCrypto
import Registry

/// How `device add` ties a device's key to its id.
struct CredentialOptions: ParsableArguments {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case certificate
    case identityBased = "identity-based"
  }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "certificate (signed, 116 bytes) or identity-based (no signature, 52 bytes).", valueName: "kind"))
  var credential = Kind.certificate

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How an identity-based credential is issued: blinded (the issuer cannot compute the key), injected (it makes it and forgets it), or "
        + "escrow (it can compute it at any time).", valueName: "flavour"))
  var issuance: IdentityCredential.Issuance?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The point of a device that draws its own secret: 64 hexadecimal digits; --out becomes the answer.",
      valueName: "point"))
  var request: String?

  func validate() throws {
    guard credential == .identityBased || (issuance == nil && request == nil) else {
      throw ValidationError("--issuance and --request go with --credential identity-based.")
    }
    guard request == nil || issuance ?? .blinded == .blinded else {
      throw ValidationError("--request is answered by a blinded credential.")
    }
  }

  /// How to issue; nil for certificates.
  var flavour: IdentityCredential.Issuance? { credential == .identityBased ? issuance ?? .blinded : nil }

  func point() throws(Failure) -> Bytes<32>? {
    guard let request else { return nil }
    guard let raw = bytes(hexadecimal: request), let point = try? Bytes<32>(copying: raw.bytes) else {
      throw Failure(.dataError, "the request is not 64 hexadecimal digits")
    }
    return point
  }
}

extension IdentityCredential.Issuance: ExpressibleByArgument {
  public init?(argument: String) {
    guard let issuance = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = issuance
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }

  /// What it means for whoever reads it.
  var words: String {
    switch self {
    case .blinded: "blinded: the issuer cannot compute the key"
    case .injected: "injected: the issuer made the key and cannot compute it again"
    case .escrow: "escrow: the issuer can compute the key at any time"
    }
  }
}

extension Certificate {
  /// The kind of credential, in words.
  var kindInWords: String {
    guard let credential = identityCredential else { return "certificate" }
    return "identity-based (\(credential.issuance.words))"
  }
}
