// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import CountersignCrypto
import Foundation
import Testing

@Suite("Wycheproof: ML-KEM-768")
struct WycheproofMLKEMTests {
  private struct Vector: Decodable {
    let tcId: Int
    var comment: String?
    let result: WycheproofFile.Outcome
    var seed: WycheproofFile.Hex?
    var ek: WycheproofFile.Hex?
    var dk: WycheproofFile.Hex?
    var m: WycheproofFile.Hex?
    var c: WycheproofFile.Hex?
    var K: WycheproofFile.Hex?

    var name: Comment { "test \(tcId): \(comment ?? "")" }
  }

  private struct Root: Decodable {
    struct Group: Decodable { let tests: [Vector] }
    let numberOfTests: Int
    let testGroups: [Group]
  }

  /// Every test of a file through `body`, which returns the secret or what else was to be computed, and throws where it refuses.
  private func run(_ file: String, _ body: (Vector) throws -> [[UInt8]: [UInt8]]) throws {
    guard let data = try WycheproofFile.data(file) else { return }
    let root = try JSONDecoder().decode(Root.self, from: data)
    let vectors = root.testGroups.flatMap(\.tests)
    #expect(vectors.count == root.numberOfTests, "the file is whole")
    var tally = WycheproofTally(file)
    for vector in vectors {
      if vector.result == .invalid {
        #expect(throws: CryptoError.self, vector.name) { try body(vector) }
      } else {
        for (actual, expected) in try body(vector) { #expect(actual == expected, vector.name) }
      }
      tally.run(vector.result.rawValue)
    }
    tally.sayAloud()
  }

  private func key(seed: [UInt8]) throws -> MLKEM768.PrivateKey {
    var key = MLKEM768.PrivateKey()
    try key.load(seed: seed.bytes)
    return key
  }

  @Test("key generation")
  func generation() throws {
    try run("mlkem_768_keygen_seed_test.json") { vector in
      let key = try key(seed: vector.seed!.bytes)
      return [
        [UInt8](copying: key.publicKey): vector.ek!.bytes, [UInt8](copying: key.secretBytes): vector.dk!.bytes,
      ]
    }
  }

  @Test("encapsulation")
  func encapsulation() throws {
    try run("mlkem_768_encaps_test.json") { vector in
      let (ciphertext, secret) = try encapsulated(to: vector.ek!.bytes.bytes, randomness: vector.m!.bytes.bytes)
      return [ciphertext: vector.c!.bytes, secret: vector.K!.bytes]
    }
  }

  @Test("decapsulation")
  func decapsulation() throws {
    try run("mlkem_768_test.json") { vector in
      let key = try key(seed: vector.seed!.bytes)
      return try [
        [UInt8](copying: key.publicKey): vector.ek!.bytes,
        decapsulated(vector.c!.bytes, by: key): vector.K!.bytes,
      ]
    }
  }

  @Test("decapsulation with keys in the long form")
  func longKeys() throws {
    try run("mlkem_768_semi_expanded_decaps_test.json") { vector in
      var key = MLKEM768.PrivateKey()
      try key.load(vector.dk!.bytes.bytes)
      return try [decapsulated(vector.c!.bytes, by: key): vector.K!.bytes]
    }
  }
}
