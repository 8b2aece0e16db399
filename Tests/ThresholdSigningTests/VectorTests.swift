// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Foundation
import Testing

@_spi(Testing) @testable import ThresholdSigning

@Suite("FROST: test vectors")
struct VectorTests {
  @Test("RFC 9591, appendix E.1")
  func rfc9591() throws { try check(.rfc9591) }

  /// The same, and whatever else a file in the form of the RFC's own repository holds.
  @Test("a file of vectors")
  func file() throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let url = root.appending(path: "../shared/vectors/frost-ed25519-sha512.json").standardized
    guard let data = try? Data(contentsOf: url) else {
      print("vectors: skipped \(url.path): no such file")
      return
    }
    try check(try FROSTVector(json: data))
    print("vectors: \(url.lastPathComponent): 1 ran, 1 passed, 0 skipped")
  }

  private func check(_ vector: FROSTVector) throws {
    let secret = try vector.groupSecret.scalar()
    #expect(try Edwards25519.Point(base: secret.value).bytes == vector.groupKey.fixedBytes())

    // The dealer's polynomial gives the participants' shares.
    for (identifier, share) in vector.shares {
      let value = SecretScalar()
      let x = SecretScalar()
      x.value.set(UInt64(identifier))
      for coefficient in vector.coefficients.reversed() {
        value.value.add(try coefficient.scalar().value)
        value.value.multiply(by: x.value)
      }
      value.value.add(secret.value)
      #expect(Bytes(copying: value.value) == (try share.fixedBytes()))
    }
    let points = try vector.shares.mapValues { try Edwards25519.Point(base: try $0.scalar().value) }
    let group = try GroupKey(
      set: 1, threshold: vector.threshold, point: try Edwards25519.Point(decoding: vector.groupKey.fixedBytes()),
      verifyingShares: Dictionary(uniqueKeysWithValues: points.map { (.number($0), $1) }), ceremony: Bytes())

    let commitments = try vector.signers.map {
      NonceCommitments(
        participant: .number($0.identifier),
        hiding: try Edwards25519.Point(decoding: $0.hidingCommitment.fixedBytes()),
        binding: try Edwards25519.Point(decoding: $0.bindingCommitment.fixedBytes()))
    }
    var package = try SigningPackage(message: vector.message.hex.bytes, commitments: commitments, group: group)
    var parts: [SignatureShare] = []
    for (index, signer) in vector.signers.enumerated() {
      let share = try KeyShare(
        participant: .number(signer.identifier), group: group, secret: vector.shares[signer.identifier]!.hex.bytes)
      let nonces = try SigningNonces(
        for: share, hidingRandom: signer.hidingRandom.hex.bytes, bindingRandom: signer.bindingRandom.hex.bytes)
      #expect(Bytes(copying: nonces.hiding.value) == (try signer.hiding.fixedBytes()))
      #expect(Bytes(copying: nonces.binding.value) == (try signer.binding.fixedBytes()))
      #expect(nonces.commitments == commitments[index])
      #expect(package.bindingFactors[index] == (try signer.bindingFactor.fixedBytes()))
      let part = try package.sign(with: share, nonces)
      #expect(part.z == (try signer.z.fixedBytes()))
      #expect(try package.isValid(part))
      parts.append(part)
    }
    #expect(try package.aggregate(parts) == vector.signature.fixedBytes())
  }
}

extension FROSTVector {
  /// Reads a file of the form that the RFC's authors publish.
  init(json data: Data) throws {
    let root = try JSONDecoder().decode(File.self, from: data)
    threshold = Int(root.config.MIN_PARTICIPANTS)!
    groupSecret = root.inputs.group_secret_key
    groupKey = root.inputs.group_public_key
    message = root.inputs.message
    coefficients = root.inputs.share_polynomial_coefficients
    shares = Dictionary(
      uniqueKeysWithValues: root.inputs.participant_shares.map { ($0.identifier, $0.participant_share) })
    let parts = Dictionary(
      uniqueKeysWithValues: root.round_two_outputs.outputs.map { ($0.identifier, $0.sig_share) })
    signers = root.round_one_outputs.outputs.map {
      Signer(
        identifier: $0.identifier, hidingRandom: $0.hiding_nonce_randomness,
        bindingRandom: $0.binding_nonce_randomness, hiding: $0.hiding_nonce, binding: $0.binding_nonce,
        hidingCommitment: $0.hiding_nonce_commitment, bindingCommitment: $0.binding_nonce_commitment,
        bindingFactor: $0.binding_factor, z: parts[$0.identifier]!)
    }
    signature = root.final_output.sig
  }

  private struct File: Decodable {
    struct Config: Decodable { let MIN_PARTICIPANTS: String }
    struct Share: Decodable {
      let identifier: UInt16
      let participant_share: String
    }
    struct Inputs: Decodable {
      let group_secret_key, group_public_key, message: String
      let share_polynomial_coefficients: [String]
      let participant_shares: [Share]
    }
    struct First: Decodable {
      let identifier: UInt16
      let hiding_nonce_randomness, binding_nonce_randomness, hiding_nonce, binding_nonce: String
      let hiding_nonce_commitment, binding_nonce_commitment, binding_factor: String
    }
    struct Second: Decodable {
      let identifier: UInt16
      let sig_share: String
    }
    struct Outputs<Output: Decodable>: Decodable { let outputs: [Output] }
    struct Final: Decodable { let sig: String }

    let config: Config
    let inputs: Inputs
    let round_one_outputs: Outputs<First>
    let round_two_outputs: Outputs<Second>
    let final_output: Final
  }
}
