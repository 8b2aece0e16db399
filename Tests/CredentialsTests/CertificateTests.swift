// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import CountersignCrypto
import Testing
import Wire

@Suite("The certificate")
struct CertificateTests {
  let authority = try! Authority()
  let certificate: Certificate

  init() throws {
    let key = X25519.PrivateKey.random()
    certificate = try authority.certificate(for: key.publicKey, generation: 3, lastEpoch: 0x0102)
  }

  @Test("takes 84 bytes in a handshake, 116 alone")
  func sizes() {
    #expect(certificate.encodedForHandshake.count == 84)
    #expect(certificate.encoded.count == 116)
    // A layout that wrote less would leave zeros at the end; a signature has none there but by chance of 2^-32.
    #expect(certificate.encodedForHandshake.suffix(4) != [0, 0, 0, 0])
    #expect(certificate.encoded.suffix(64) == certificate.encodedForHandshake.suffix(64))
  }

  @Test("comes back from both forms")
  func roundTrip() throws {
    #expect(try Certificate(decoding: certificate.encoded.bytes) == certificate)
    #expect(
      try Certificate(decoding: certificate.encodedForHandshake.bytes, publicKey: certificate.publicKey) == certificate)
  }

  @Test("has its fields where the layout says")
  func layout() {
    let bytes = certificate.encoded
    #expect(bytes[0] == 0x11 && bytes[1] == 0)
    #expect(
      bytes[2..<4] == [UInt8(certificate.fields.issuer.rawValue >> 8), UInt8(certificate.fields.issuer.rawValue & 255)])
    #expect(bytes[4..<8] == [0, 0, 0, 1])
    #expect(bytes[8..<16] == [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77])
    #expect(bytes[16..<18] == [0, 3])
    #expect(bytes[18..<20] == [1, 2])
    #expect(Array(bytes[20..<52]) == [UInt8](copying: certificate.publicKey.bytes))
  }

  @Test("is signed by its issuer and by nobody else")
  func signature() throws {
    #expect(certificate.isSigned(by: authority.anchor))
    #expect(!certificate.isSigned(by: try Authority(seed: 0xB2).anchor))
  }

  @Test("with any bit turned is refused: all 928 of them")
  func everyBit() throws {
    let trust = authority.trust()
    try trust.verify(certificate, isInitiator: true)
    for bit in 0..<Certificate.standaloneLength * 8 {
      #expect(throws: (any Error).self, "bit \(bit)") {
        try trust.verify(Certificate(decoding: flipping(bit, of: certificate.encoded).bytes), isInitiator: true)
      }
    }
  }

  @Test("with a turned bit outside version, kind, flags and issuer fails by its signature alone")
  func everySignedBit() throws {
    let trust = authority.trust()
    for bit in 32..<Certificate.standaloneLength * 8 {
      #expect(throws: CredentialsError.invalidSignature, "bit \(bit)") {
        try trust.verifySignature(of: Certificate(decoding: flipping(bit, of: certificate.encoded).bytes))
      }
    }
  }

  @Test("for another key than the handshake's is refused")
  func otherKey() throws {
    let other = X25519.PrivateKey.random().publicKey
    let moved = try Certificate(decoding: certificate.encodedForHandshake.bytes, publicKey: other)
    #expect(throws: CredentialsError.invalidSignature) { try authority.trust().verifySignature(of: moved) }
  }

  @Test("of another version, of another kind, with reserved flags")
  func header() {
    var bytes = certificate.encoded
    bytes[0] = 0x21
    #expect(throws: WireError.unknownVersion(2)) { try Certificate(decoding: bytes.bytes) }
    for kind: UInt8 in [0, 3, 4, 5, 6, 15] {
      bytes[0] = 0x10 | kind
      #expect(throws: WireError.unexpectedKind(kind)) { try Certificate(decoding: bytes.bytes) }
    }
    bytes[0] = 0x11
    for bit in 1..<8 {
      bytes[1] = 1 << UInt8(bit)
      #expect(throws: WireError.reservedFlags(bytes[1])) { try Certificate(decoding: bytes.bytes) }
    }
  }

  @Test("of any other length is refused")
  func lengths() {
    let bytes = certificate.encoded
    for length in 0..<bytes.count {
      let shorter = Array(bytes[..<length])
      #expect(throws: WireError.self) { try Certificate(decoding: shorter.bytes) }
    }
    let longer = bytes + [0]
    #expect(throws: WireError.wrongLength(expected: 116, actual: 117)) {
      try Certificate(decoding: longer.bytes)
    }
  }
}
