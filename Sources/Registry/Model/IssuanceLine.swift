// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// One line of the issuance log: a key that the owner certified for a device, under a generation that no other key has.
public struct IssuanceLine: Equatable, Sendable {
  public let address: DeviceAddress
  public let generation: Generation
  public let publicKey: X25519.PublicKey

  public init(address: DeviceAddress, generation: Generation, publicKey: X25519.PublicKey) {
    self.address = address
    self.generation = generation
    self.publicKey = publicKey
  }

  init(_ certificate: Certificate) {
    self.init(
      address: certificate.fields.address, generation: certificate.fields.generation, publicKey: certificate.publicKey)
  }

  /// The log's head after this line: SHA-256 over a label, the head before, and the line (46 bytes). Signing a head signs every
  /// line before it.
  func head(after previous: Bytes<32>) -> Bytes<32> {
    var line = Bytes<46>()
    var target = line.mutableBytes
    var writer = ByteWriter(&target)
    address.encode(&writer)
    writer.uint16(generation)
    writer.bytes(publicKey.bytes)
    _ = consume writer
    var hash = Hash.SHA256()
    let label: StaticString = "countersign-v1 issuance"
    hash.update(label)
    hash.update(previous.bytes)
    hash.update(line.bytes)
    var head = Bytes<32>()
    var output = head.mutableBytes
    hash.finalize(into: &output)
    return head
  }
}

/// What the issuance log says of a certificate.
public enum IssuanceVerdict: Equatable, Sendable {
  /// The key is in the issuance log.
  case entered
  /// The owner's key issued it, but the issuance log has no such generation of this device.
  case missing
  /// The owner's key issued it, but according to the issuance log this generation belongs to another key. The contradiction is
  /// present if the registry still has that key's certificate, of the same kind.
  case contradicted(IssuanceLine, Contradiction?)
  /// Another key than the owner's issued it, so that it proves nothing.
  case foreign
}

/// Two keys for one generation of one device.
public enum Contradiction: Equatable, Sendable {
  /// Both signed: proof for anybody.
  case certificates(MisissuanceProof)
  /// Both implicit: proof for whoever knows that both have been used.
  case credentials(MisissuanceEvidence)

  /// The encoded form of either, which begins with its kind.
  public var encoded: [UInt8] {
    switch self {
    case .certificates(let proof):
      var bytes = [UInt8](repeating: 0, count: MisissuanceProof.encodedLength)
      var target = bytes.mutableBytes
      proof.encode(into: &target)
      return bytes
    case .credentials(let evidence):
      var bytes = [UInt8](repeating: 0, count: MisissuanceEvidence.encodedLength)
      var target = bytes.mutableBytes
      evidence.encode(into: &target)
      return bytes
    }
  }

  /// Nil when the two are of different kinds, or do not contradict one another.
  public init?(_ a: Certificate, _ b: Certificate) {
    if let first = a.identityCredential, let second = b.identityCredential {
      guard let evidence = try? MisissuanceEvidence(first, second) else { return nil }
      self = .credentials(evidence)
    } else {
      guard let proof = try? MisissuanceProof(a, b) else { return nil }
      self = .certificates(proof)
    }
  }
}
