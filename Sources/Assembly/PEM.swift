// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import CountersignCrypto

/// Textual armour (RFC 7468) around a certificate or a statement.
public struct PEM: Equatable, Sendable {
  public enum Label: String, Sendable, CaseIterable {
    case certificate = "COUNTERSIGN CERTIFICATE"
    case identityCredential = "COUNTERSIGN IDENTITY CREDENTIAL"
    case blindedCredential = "COUNTERSIGN BLINDED CREDENTIAL"
    case misissuanceEvidence = "COUNTERSIGN MISISSUANCE EVIDENCE"
    case epochStatement = "COUNTERSIGN EPOCH STATEMENT"
    case revocationStatement = "COUNTERSIGN REVOCATION STATEMENT"
    case rotationStatement = "COUNTERSIGN ROTATION STATEMENT"
    case policyStatement = "COUNTERSIGN POLICY STATEMENT"
    case issuanceStatement = "COUNTERSIGN ISSUANCE STATEMENT"
    case misissuanceProof = "COUNTERSIGN MISISSUANCE PROOF"
  }

  public let label: Label
  public let content: [UInt8]

  public init(_ label: Label, _ content: [UInt8]) {
    self.label = label
    self.content = content
  }

  /// A certificate with its key, or an identity-based credential, from which the key follows.
  public init(_ certificate: Certificate) {
    if let credential = certificate.identityCredential {
      var content = [UInt8](repeating: 0, count: IdentityCredential.encodedLength)
      var target = content.mutableBytes
      credential.encode(into: &target)
      self.init(.identityCredential, content)
      return
    }
    var content = [UInt8](repeating: 0, count: Certificate.standaloneLength)
    var target = content.mutableBytes
    certificate.encode(into: &target)
    self.init(.certificate, content)
  }

  /// The answer to a device's request.
  public init(_ answer: BlindedCredential) {
    var content = [UInt8](repeating: 0, count: BlindedCredential.encodedLength)
    var target = content.mutableBytes
    answer.encode(into: &target)
    self.init(.blindedCredential, content)
  }

  /// Parses a text that holds one object; text before and after it is skipped, as the RFC asks.
  public init(parsing bytes: [UInt8]) throws(AssemblyError) {
    let text = Data(bytes)
    guard let begin = text.range(of: Self.begin), let dashes = text[begin.upperBound...].range(of: Self.dashes) else {
      throw .pem(.noBegin)
    }
    let name = String(decoding: text[begin.upperBound..<dashes.lowerBound], as: UTF8.self)
    guard let label = Label(rawValue: name) else { throw .pem(.unknownLabel) }
    let rest = text[dashes.upperBound...]
    guard let end = rest.range(of: Data("-----END \(name)-----".utf8)) else { throw .pem(.noEnd) }
    let base64 = rest[..<end.lowerBound].filter { !Self.whitespace.contains($0) }
    guard let data = Data(base64Encoded: base64) else { throw .pem(.invalidBase64) }
    self.init(label, [UInt8](data))
  }

  /// The armoured text: lines of 64 characters, the last ended too.
  public var text: String {
    let base64 = Data(content).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN \(label.rawValue)-----\n\(base64)\n-----END \(label.rawValue)-----\n"
  }

  /// Whether bytes are armoured rather than an object itself.
  public static func isPresent(in bytes: [UInt8]) -> Bool {
    Data(bytes).range(of: begin) != nil
  }

  private static let begin = Data("-----BEGIN ".utf8)
  private static let dashes = Data("-----".utf8)
  private static let whitespace: [UInt8] = Array(" \t\r\n".utf8)
}
