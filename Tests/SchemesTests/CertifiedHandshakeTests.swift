// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import Noise
import CountersignCrypto
import Schemes
import Testing
import Wire

@Suite("The handshake of a device and the server")
struct CertifiedHandshakeTests {
  @Test("ends with keys that both have, and tells the server who came", arguments: [SchemeID.certified, .registered])
  func agreement(scheme: SchemeID) throws {
    let pair = try ServerHandshake(scheme)
    let hello = try pair.hello()
    #expect(hello.count == (scheme == .certified ? 181 : 97))
    #expect(hello[0] == scheme.rawValue)
    let claim = try pair.read(hello)
    #expect(pair.server.scheme == scheme && claim.publicKey == pair.key.publicKey)
    #expect(claim.certificate == (scheme == .certified ? pair.certificate : nil))
    let reply = try pair.reply()
    #expect(reply.count == 48)
    try pair.finish(reply)
    #expect(try pair.serverKeys.receiving.opened(pair.deviceKeys.sending.sealed("up")) == "up")
    #expect(try pair.deviceKeys.receiving.opened(pair.serverKeys.sending.sealed("down")) == "down")
  }

  @Test("hides the device: neither its key nor its certificate shows in the first frame")
  func hiding() throws {
    let pair = try ServerHandshake()
    let hello = try pair.hello()
    let key = pair.certificate.encoded[20..<52]
    for secret in [Array(key), Array(pair.certificate.encodedForHandshake[4..<16])] {
      for start in 0...hello.count - secret.count { #expect(Array(hello[start..<start + secret.count]) != secret) }
    }
  }

  @Test("A replayed first frame is read like the first, and leads to keys that nothing recorded opens")
  func replay() throws {
    let pair = try ServerHandshake()
    let hello = try pair.hello()
    _ = try pair.read(hello)
    try pair.finish(pair.reply())
    let recorded = try pair.deviceKeys.sending.sealed("act on this")
    #expect(try pair.serverKeys.receiving.opened(recorded) == "act on this")

    // The server holds nothing of the first session but its session.
    let claim = try pair.read(hello)
    #expect(claim.certificate == pair.certificate)
    let reply = try pair.reply()
    #expect(throws: NoiseError.decryptionFailed) { try pair.serverKeys.receiving.opened(recorded) }
    // Nor does the device take the new answer for that of its session.
    #expect(throws: SchemesError.noise(.outOfTurn)) { try pair.finish(reply) }
  }

  @Test("to another server than this one fails")
  func wrongServer() throws {
    let pair = try ServerHandshake()
    let hello = try pair.hello(to: X25519.PrivateKey.random().publicKey)
    #expect(throws: SchemesError.noise(.decryptionFailed)) { try pair.read(hello) }
    #expect(throws: SchemesError.noise(.outOfTurn)) { try pair.reply() }
  }

  @Test(
    "takes DH of the static keys from a cache; with a wrong one the first frame is refused",
    arguments: [
      SchemeID.certified, .registered,
    ])
  func cachedSecret(_ scheme: SchemeID) throws {
    let pair = try ServerHandshake(scheme)
    var shared = SecretBytes<32>()
    try pair.key.agree(with: pair.authority.handshakeKey.publicKey, into: &shared)
    pair.device.setStaticSharedSecret(shared)
    _ = try pair.read(pair.hello())
    try pair.finish(pair.reply())
    #expect(try pair.serverKeys.receiving.opened(pair.deviceKeys.sending.sealed("up")) == "up")

    for bit in [0, 255] {
      let pair = try ServerHandshake(scheme)
      try pair.key.agree(with: pair.authority.handshakeKey.publicKey, into: &shared)
      let wrong = try SecretBytes<32>(copying: flipping(bit, of: [UInt8](copying: shared.bytes)).bytes)
      pair.device.setStaticSharedSecret(wrong)
      let hello = try pair.hello()
      #expect(throws: SchemesError.noise(.decryptionFailed)) { try pair.read(hello) }
      #expect(throws: SchemesError.noise(.outOfTurn)) { try pair.reply() }
    }
  }

  @Test("binds the scheme: the first byte cannot be changed into another's")
  func schemeByte() throws {
    for byte in UInt8.min ... .max where byte != SchemeID.certified.rawValue {
      let pair = try ServerHandshake()
      var hello = try pair.hello()
      hello[0] = byte
      let scheme = SchemeID(rawValue: byte)
      // Without a master key no credential is taken.
      guard let row = scheme?.row, row.exchange.isNoise, row.shown != .credential else {
        #expect(throws: SchemesError.unexpectedScheme(byte)) { try pair.read(hello) }
        continue
      }
      guard scheme == .registered else {
        #expect(throws: SchemesError.self) { try pair.read(hello) }
        continue
      }
      #expect(throws: SchemesError.noise(.decryptionFailed)) { try pair.read(hello) }
    }
  }

  @Test("with any bit of the first frame turned, or any of its bytes missing, names nobody")
  func alteredHello() throws {
    let pair = try ServerHandshake()
    let hello = try pair.hello()
    for bit in 0..<hello.count * 8 {
      #expect(throws: SchemesError.self, "bit \(bit)") { try pair.read(flipping(bit, of: hello)) }
    }
    for length in 0..<hello.count {
      #expect(throws: SchemesError.self, "length \(length)") { try pair.read(Array(hello[..<length])) }
    }
    #expect(throws: SchemesError.self) { try pair.read(hello + [0]) }
  }

  @Test("survives an altered answer: the right one still ends it")
  func alteredReply() throws {
    let pair = try ServerHandshake()
    _ = try pair.read(pair.hello())
    let reply = try pair.reply()
    for bit in 0..<reply.count * 8 {
      #expect(throws: SchemesError.self, "bit \(bit)") { try pair.finish(flipping(bit, of: reply)) }
    }
    for length in 0..<reply.count {
      #expect(throws: SchemesError.self) { try pair.finish(Array(reply[..<length])) }
    }
    let hasKey = pair.deviceKeys.isPresent
    #expect(!hasKey)
    try pair.finish(reply)
    #expect(try pair.serverKeys.receiving.opened(pair.deviceKeys.sending.sealed("up")) == "up")
  }

  @Test("ends when what decrypts is not what the scheme sends: no answer can be written")
  func wrongPayload() throws {
    let certificate = try ServerHandshake().certificate.encodedForHandshake
    let cases: [(SchemeID, [UInt8], SchemesError)] = [
      (.certified, [], .malformed),
      (.certified, Array(certificate.dropLast()), .malformed),
      (.certified, [0x21] + certificate.dropFirst(), .credentials(.malformed(.unknownVersion(2)))),
      (.certified, certificate + [0], .noise(.bufferTooSmall(needed: 85))),
      (.registered, certificate, .malformed),
    ]
    for (scheme, payload, expected) in cases {
      let pair = try ServerHandshake(scheme)
      let frame = try pair.hello(scheme: scheme, payload: payload)
      #expect(throws: expected) { try pair.read(frame) }
      #expect(throws: SchemesError.noise(.outOfTurn)) { try pair.reply() }
    }
  }

  @Test("ties the certificate to the key that was used: another device's certificate does not verify")
  func borrowedCertificate() throws {
    let pair = try ServerHandshake()
    let victim = try pair.authority.certificate(for: X25519.PrivateKey.random().publicKey, device: 99)
    let claim = try pair.read(pair.hello(scheme: .certified, payload: victim.encodedForHandshake))
    #expect(throws: CredentialsError.invalidSignature) {
      try pair.authority.trust().verifySignature(of: claim.certificate!)
    }
  }

  @Test(
    "does not start without a Noise handshake, with a certificate of the wrong kind, nor in a buffer that is too small")
  func misuse() throws {
    for scheme in SchemeID.allCases where !scheme.row.exchange.isNoise || scheme.row.shown == .credential {
      #expect(throws: SchemesError.unexpectedScheme(scheme.rawValue)) { try ServerHandshake(scheme).hello() }
    }
    let pair = try ServerHandshake()
    pair.device.setStatic(pair.key, server: pair.authority.handshakeKey.publicKey)
    var small = [UInt8](repeating: 0, count: Initiator.maximumHelloLength - 1)
    #expect(throws: SchemesError.bufferTooSmall(needed: Initiator.maximumHelloLength)) {
      var span = small.mutableBytes
      _ = try pair.device.writeHello(pair.certificate, into: &span)
    }
    // Nothing has happened yet: in a larger one it goes.
    _ = try pair.read(pair.hello())
  }
}
