// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import IdentityEncryption
import Testing
import Wire

@Suite("Identities that messages are sealed to")
struct IdentityTests {
  @Test("an identity is decoded as it was encoded")
  func coding() throws {
    let identity = IBE.Identity(
      DeviceAddress(system: SystemID(0x0102_0304), device: DeviceID(0x1112_1314_1516_1718)), epochs: 0x2122...0x3132)
    let expected: [UInt8] = [
      0x01, 0x02, 0x03, 0x04, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x21, 0x22, 0x31, 0x32,
    ]
    let bytes = identity.bytes
    #expect([UInt8](copying: bytes.bytes) == expected)
    #expect(try IBE.Identity(decoding: expected.bytes) == identity)
  }

  @Test("other lengths and a range that ends before it begins are refused")
  func malformed() {
    let valid = [UInt8](repeating: 7, count: 16)
    for length in [0, 15] {
      let short = [UInt8](valid.prefix(length))
      #expect(throws: WireError.self) { try IBE.Identity(decoding: short.bytes) }
    }
    let long = valid + [7]
    #expect(throws: WireError.wrongLength(expected: 16, actual: 17)) { try IBE.Identity(decoding: long.bytes) }
    var turned = valid
    turned[12] = 8
    #expect(throws: WireError.invalidValue) { try IBE.Identity(decoding: turned.bytes) }
  }

  @Test(
    "identity-based encryption is tested",
    .enabled(if: IBE.isAvailable, "needs blst: Scripts/get-blst, then --traits IdentityEncryption"))
  func isAvailable() {
    #expect(IBE.isAvailable)
  }
}
