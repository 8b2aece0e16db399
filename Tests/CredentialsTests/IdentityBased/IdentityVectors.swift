// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import FleetSupport
import Foundation
import CountersignCrypto
import Testing
import Wire

/// Vectors of the second implementation: Tests/Vectors/generator/identity.py, in plain integers.
@Suite("Vectors for identity-based credentials")
struct IdentityVectors {
  struct File: Decodable {
    let issuance: [Issued]
    let refused: [Refused]
    let lift: [Lifted]
  }

  struct Issued: Decodable, CustomTestStringConvertible {
    let issuance, seed, master_public_key, device, random, credential, private_key, public_key: String
    let system: UInt32
    let generation, last_epoch: UInt16
    let device_secret, request, contribution: String?
    var testDescription: String { "\(issuance) \(credential)" }
  }

  struct Refused: Decodable, CustomTestStringConvertible {
    let comment, master_public_key, credential: String
    var testDescription: String { comment }
  }

  struct Lifted: Decodable {
    let scalar, private_key: String
    let public_key, peer, shared: String?
  }

  static let file: File = {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Vectors/credentials/identity.json")
    return try! JSONDecoder().decode(File.self, from: Data(contentsOf: url))
  }()

  @Test(arguments: file.issuance)
  func issuance(_ vector: Issued) throws {
    let seed = bytes(vector.seed)
    let master = try MasterKey(seed: seed.bytes)
    #expect(hex(master.publicKey.bytes.bytes) == vector.master_public_key)
    let fields = master.fields(
      for: DeviceAddress(system: SystemID(vector.system), device: DeviceID(try #require(UInt64(vector.device)))),
      generation: vector.generation, lastEpoch: vector.last_epoch)
    let random = bytes(vector.random)
    var key = X25519.PrivateKey()
    let credential: IdentityCredential
    switch vector.issuance {
    case "blinded":
      var request = IdentityRequest()
      let secret = bytes(try #require(vector.device_secret))
      try request.load(secret.bytes)
      #expect(hex(request.point.bytes) == vector.request)
      let answer = try master.issueBlinded(fields, request: request.point, random: random.bytes)
      #expect(hex(answer.contribution.bytes) == vector.contribution)
      try request.complete(answer, under: master.publicKey, into: &key)
      credential = answer.credential
    case "injected": credential = try master.issueInjected(fields, random: random.bytes, into: &key)
    default:
      #expect(vector.issuance == "escrow")
      credential = try master.issueEscrow(fields, into: &key)
    }
    let encoded = credential.encoded
    #expect(hex(encoded.bytes) == vector.credential)
    #expect(hex(key.secretBytes) == vector.private_key)
    let reconstructed = try credential.publicKey(under: master.publicKey)
    #expect(hex(reconstructed.bytes) == vector.public_key)
  }

  @Test(arguments: file.refused)
  func refusal(_ vector: Refused) throws {
    let master = try MasterPublicKey(decoding: Bytes(copying: bytes(vector.master_public_key)))
    let encoded = bytes(vector.credential)
    let credential = try IdentityCredential(decoding: encoded.bytes)
    #expect(throws: CredentialsError.invalidPoint) { try credential.publicKey(under: master) }
    #expect(throws: CredentialsError.invalidPoint) { try MasterPublicKey(decoding: credential.point) }
  }

  @Test func lifts() throws {
    #expect(Self.file.lift.count > 50)
    for vector in Self.file.lift {
      let encoded = bytes(vector.scalar)
      var scalar = Edwards25519.Scalar()
      try scalar.load(encoded.bytes)
      var key = X25519.PrivateKey()
      guard !vector.private_key.isEmpty else {
        #expect(throws: CredentialsError.invalidPoint) { try key.load(lifting: scalar) }
        continue
      }
      try key.load(lifting: scalar)
      #expect(hex(key.secretBytes) == vector.private_key)
      #expect(hex(key.publicKey.bytes) == vector.public_key)
      var shared = SecretBytes<32>()
      try key.agree(with: Bytes(copying: bytes(try #require(vector.peer))), into: &shared)
      #expect(hex(shared.bytes) == vector.shared)
    }
  }

  private func hex(_ span: RawSpan) -> String {
    [UInt8](copying: span).map { String(format: "%02x", $0) }.joined()
  }

  private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)!
    }
  }
}
