// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Testing

@Suite("Wycheproof: HMAC and HKDF")
struct WycheproofKeyedHashTests {
  @Test("HMAC")
  func hmac() throws {
    try checkHMAC("hmac_sha256_test.json", Hash.SHA256.self)
    try checkHMAC("hmac_sha512_test.json", Hash.SHA512.self)
  }

  @Test("HKDF")
  func hkdf() throws {
    try checkHKDF("hkdf_sha256_test.json", Hash.SHA256.self)
    try checkHKDF("hkdf_sha512_test.json", Hash.SHA512.self)
  }

  private func checkHMAC<H: Hash.Function>(_ name: String, _: H.Type) throws {
    guard let file = try WycheproofFile(name) else { return }
    var tally = WycheproofTally(file.name)
    for group in file.groups {
      for vector in group.tests {
        #expect(vector.result != .acceptable, "test \(vector.tcId) leaves a choice that nobody has made")
        var code = [UInt8](repeating: 0, count: H.digestLength)
        var bytes = code.mutableBytes
        var state = Hash.HMAC<H>(key: vector.key!.bytes.bytes)
        state.update(vector.msg!.bytes.bytes)
        state.finalize(into: &bytes)
        // Some tags are cut: the first bytes count.
        let isEqual = Array(code.prefix(group.tagSize! / 8)) == vector.tag!.bytes
        #expect(isEqual == (vector.result == .valid), "test \(vector.tcId): \(vector.comment)")
        tally.run(vector.result.rawValue)
      }
    }
    tally.sayAloud()
  }

  private func checkHKDF<H: Hash.Function>(_ name: String, _: H.Type) throws {
    guard let file = try WycheproofFile(name) else { return }
    var tally = WycheproofTally(file.name)
    for vector in file.groups.flatMap(\.tests) {
      guard vector.result == .valid else {
        // The one way to be invalid: more output than HKDF has. Asking for it is a programming error, which stops.
        #expect(vector.flags == ["SizeTooLarge"] && vector.size! > 255 * H.digestLength, "test \(vector.tcId)")
        tally.run("invalid, refused by a precondition")
        continue
      }
      var output = [UInt8](repeating: 0, count: vector.size!)
      var bytes = output.mutableBytes
      Hash.HKDF<H>.deriveKey(
        inputKeyMaterial: vector.ikm!.bytes.bytes, salt: vector.salt!.bytes.bytes, info: vector.info!.bytes.bytes,
        into: &bytes)
      #expect(output == vector.okm!.bytes, "test \(vector.tcId): \(vector.comment)")
      tally.run("valid")
    }
    tally.sayAloud()
  }

  @Test("HKDF of more than 255 digests stops the program")
  func tooMuchOutput() async {
    await #expect(processExitsWith: .failure) {
      var output = [UInt8](repeating: 0, count: 255 * 32 + 1)
      var bytes = output.mutableBytes
      Hash.HKDF<Hash.SHA256>.deriveKey(inputKeyMaterial: RawSpan(), salt: RawSpan(), info: RawSpan(), into: &bytes)
    }
  }
}
