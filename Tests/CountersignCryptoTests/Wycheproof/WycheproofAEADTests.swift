// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import CountersignCrypto
import Testing

@Suite("Wycheproof: ChaCha20-Poly1305 and AES-GCM")
struct WycheproofAEADTests {
  typealias Seal = ([UInt8], [UInt8], Bytes<12>, [UInt8]) -> [UInt8]
  typealias Open = ([UInt8], [UInt8], Bytes<12>, [UInt8]) -> [UInt8]?

  @Test("ChaCha20-Poly1305")
  func chaChaPoly() throws {
    try check(
      "chacha20_poly1305_test.json", "ChaChaPoly",
      seal: { Cipher.ChaChaPoly.seal($0, key: $1, nonce: $2, authenticating: $3) },
      open: { Cipher.ChaChaPoly.open($0, key: $1, nonce: $2, authenticating: $3) })
  }

  @Test("AES-256-GCM, by the processor and by swift-crypto")
  func aesGCM() throws {
    for inHardware in [false, true] {
      guard inHardware ? Cipher.AESGCM.isHardwareAvailable : Cipher.AESGCM.hasFallback else {
        print("wycheproof: skipped AES-GCM by \(inHardware ? "the processor" : "swift-crypto"): not here")
        continue
      }
      try check(
        "aes_gcm_test.json", inHardware ? "the processor" : "swift-crypto",
        seal: { Cipher.AESGCM.seal($0, key: $1, nonce: $2, authenticating: $3, inHardware: inHardware) },
        open: { Cipher.AESGCM.open($0, key: $1, nonce: $2, authenticating: $3, inHardware: inHardware) })
    }
  }

  private func check(_ name: String, _ path: String, seal: Seal, open: Open) throws {
    guard let file = try WycheproofFile(name) else { return }
    var tally = WycheproofTally("\(file.name), \(path)")
    for group in file.groups {
      for vector in group.tests {
        guard group.keySize == 256 else {
          tally.skip("of another key size than 256 bits")
          continue
        }
        guard group.ivSize == 96, group.tagSize == 128 else {
          tally.skip("of another nonce size than 96 bits")
          continue
        }
        #expect(vector.result != .acceptable, "test \(vector.tcId) leaves a choice that nobody has made")
        let key = vector.key!.bytes
        let nonce = try Bytes<12>(copying: vector.iv!.bytes)
        let sealed = vector.ct!.bytes + vector.tag!.bytes
        let opened = open(sealed, key, nonce, vector.aad!.bytes)
        let resealed = seal(vector.msg!.bytes, key, nonce, vector.aad!.bytes)
        if vector.result == .valid {
          #expect(opened == vector.msg!.bytes, "test \(vector.tcId): \(vector.comment)")
          #expect(resealed == sealed, "test \(vector.tcId): \(vector.comment)")
        } else {
          #expect(opened == nil, "test \(vector.tcId): \(vector.comment)")
          #expect(resealed != sealed, "test \(vector.tcId): \(vector.comment)")
        }
        tally.run(vector.result.rawValue)
      }
    }
    tally.sayAloud()
  }
}
