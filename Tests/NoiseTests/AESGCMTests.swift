// SPDX-License-Identifier: Apache-2.0

import Noise
@_spi(Testing) import CountersignCrypto
import Testing

@Suite(
  "AES-GCM through libsodium and through swift-crypto",
  .enabled(if: Cipher.AESGCM.hasFallback, "a build without swift-crypto has one path only"))
struct AESGCMTests {
  private static let key = [UInt8]((0..<32).map { $0 &* 7 &+ 3 })
  private static let nonce: UInt64 = 0x0102_0304_0506_0708

  private func seal(_ plaintext: [UInt8], _ data: [UInt8], inHardware: Bool) -> [UInt8] {
    var sealed = [UInt8](repeating: 0xEE, count: plaintext.count + tagLength)
    var output = sealed.mutableBytes
    Cipher.AESGCM.seal(plaintext.bytes, into: &output, Self.key.bytes, Self.nonce, data.bytes, inHardware: inHardware)
    return sealed
  }

  private func sealInPlace(_ plaintext: [UInt8], _ data: [UInt8], inHardware: Bool) -> [UInt8] {
    var message = plaintext + [UInt8](repeating: 0, count: tagLength)
    var bytes = message.mutableBytes
    Cipher.AESGCM.seal(inPlace: &bytes, Self.key.bytes, Self.nonce, data.bytes, inHardware: inHardware)
    return message
  }

  private func open(_ sealed: [UInt8], _ data: [UInt8], inHardware: Bool) throws -> [UInt8] {
    var plaintext = [UInt8](repeating: 0xEE, count: max(0, sealed.count - tagLength))
    var output = plaintext.mutableBytes
    do {
      try Cipher.AESGCM.open(
        sealed.bytes, into: &output, Self.key.bytes, Self.nonce, data.bytes, inHardware: inHardware)
    } catch {
      #expect(plaintext.allSatisfy { $0 == 0 || $0 == 0xEE }, "nothing of a refused message is left")
      throw error
    }
    return plaintext
  }

  private func openInPlace(_ sealed: [UInt8], _ data: [UInt8], inHardware: Bool) throws -> [UInt8] {
    var message = sealed
    var bytes = message.mutableBytes
    try Cipher.AESGCM.open(inPlace: &bytes, Self.key.bytes, Self.nonce, data.bytes, inHardware: inHardware)
    return Array(message.dropLast(tagLength))
  }

  /// The paths that this machine has. swift-crypto always; libsodium where there are AES instructions.
  private static let paths = Cipher.AESGCM.isHardwareAvailable ? [false, true] : [false]

  @Test("Both paths give the same bytes, in place or not, and open each other's", arguments: paths)
  func agreement(inHardware: Bool) throws {
    if !Cipher.AESGCM.isHardwareAvailable {
      print("AES-GCM: no AES instructions here; the libsodium path is not tested")
    }
    for length in Array(0...80) + [127, 128, 129, 255, 1_024, 16_384, 65_519] {
      let plaintext = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let data = [UInt8](plaintext.prefix(length % 37))
      let expected = seal(plaintext, data, inHardware: false)
      #expect(seal(plaintext, data, inHardware: inHardware) == expected)
      #expect(sealInPlace(plaintext, data, inHardware: inHardware) == expected)
      #expect(try open(expected, data, inHardware: inHardware) == plaintext)
      #expect(try openInPlace(expected, data, inHardware: inHardware) == plaintext)
    }
  }

  @Test("Every changed bit, a cut and other associated data are refused", arguments: paths)
  func refusals(inHardware: Bool) throws {
    let sealed = seal(Array("twenty bytes of text".utf8), [1, 2, 3], inHardware: false)
    for bit in 0..<8 * sealed.count {
      var wrong = sealed
      wrong[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: CryptoError.authenticationFailed) {
        try open(wrong, [1, 2, 3], inHardware: inHardware)
      }
      #expect(throws: CryptoError.authenticationFailed) {
        try openInPlace(wrong, [1, 2, 3], inHardware: inHardware)
      }
    }
    for length in 0..<sealed.count {
      #expect(throws: CryptoError.authenticationFailed) {
        try open(Array(sealed.prefix(length)), [1, 2, 3], inHardware: inHardware)
      }
    }
    #expect(throws: CryptoError.authenticationFailed) { try open(sealed, [], inHardware: inHardware) }
  }

  @Test("The GCM specification's test case 13: AES-256, zero key, zero nonce, nothing to encrypt")
  func publishedValue() {
    var tag = [UInt8](repeating: 0, count: tagLength)
    let zero = [UInt8](repeating: 0, count: 32)
    for inHardware in Self.paths {
      var output = tag.mutableBytes
      Cipher.AESGCM.seal([UInt8]().bytes, into: &output, zero.bytes, 0, [UInt8]().bytes, inHardware: inHardware)
      #expect(tag == [UInt8](hexadecimal: "530f8afbc74536b9a963b4f1c4cb738b"))
    }
  }
}
