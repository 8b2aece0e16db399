// SPDX-License-Identifier: Apache-2.0

import Credentials
import Noise
import CountersignCrypto
import Schemes
import Testing

@Suite("Schemes over Noise")
struct NoiseSchemesTests {
  let device = KeyPair()
  let server = KeyPair()

  final class KeyPair {
    let key = X25519.PrivateKey.random()
  }

  /// Both ends of a session.
  struct Ends: ~Copyable {
    var device = SessionKeys()
    var server = SessionKeys()
  }

  /// Whether each side opens what the other seals.
  private func converse(_ ends: inout Ends) throws {
    var message = [UInt8](repeating: 3, count: 20)
    var bytes = message.mutableBytes
    try ends.device.sending.encrypt(inPlace: &bytes)
    try ends.server.receiving.decrypt(inPlace: &bytes)
    try ends.server.sending.encrypt(inPlace: &bytes)
    try ends.device.receiving.decrypt(inPlace: &bytes)
  }

  private func initiator(_ scheme: SchemeID) -> Initiator {
    var initiator = Initiator(scheme)
    initiator.setStatic(device.key, server: server.key.publicKey)
    return initiator
  }

  @Test("compact-kk: 51 and 48 bytes, and the right key among those that share a hint")
  func compact() throws {
    var frame = [UInt8](repeating: 0, count: 64)
    var bytes = frame.mutableBytes
    var ends = Ends()
    var initiator = initiator(.compactKK)
    let hint = RoutingHint.bytes(of: device.key.publicKey)
    let hello = try initiator.writeHello(hint: hint.bytes, into: &bytes)
    #expect(hello == 51)
    let received = [UInt8](copying: bytes.bytes.extracting(0..<hello))
    #expect(try RoutingHint.of(received.bytes, .compactKK) == RoutingHint.of(device.key.publicKey))
    var wrong = Responder(.compactKK)
    #expect(throws: SchemesError.noise(.decryptionFailed)) {
      _ = try wrong.readHello(received.bytes, key: server.key, device: X25519.PrivateKey.random().publicKey)
    }
    var responder = Responder(.compactKK)
    let claim = try responder.readHello(received.bytes, key: server.key, device: device.key.publicKey)
    #expect(claim.publicKey == device.key.publicKey && claim.certificate == nil)
    let reply = try responder.writeReply(
      into: &bytes, keys: &ends.server)
    #expect(reply == 48)
    try initiator.readReply(
      bytes.bytes.extracting(0..<reply), keys: &ends.device)
    try converse(&ends)
  }

  @Test("hybrid-ikpsk2: the server learns who asks before it needs the derived key, and a wrong one fails")
  func hybrid() throws {
    let psk = SecretBytes<32>.random()
    for isRight in [true, false] {
      var frame = [UInt8](repeating: 0, count: 128)
      var bytes = frame.mutableBytes
      var ends = Ends()
      var initiator = initiator(.hybridIKpsk2)
      try initiator.setPSK(psk)
      let hello = try initiator.writeHello(into: &bytes)
      #expect(hello == 97)
      var responder = Responder(.hybridIKpsk2)
      let claim = try responder.readHello(bytes.bytes.extracting(0..<hello), key: server.key)
      #expect(claim.publicKey == device.key.publicKey)
      if isRight { try responder.setPSK(psk) } else { try responder.setPSK(.random()) }
      let reply = try responder.writeReply(
        into: &bytes, keys: &ends.server)
      #expect(reply == 48)
      guard isRight else {
        #expect(throws: SchemesError.noise(.decryptionFailed)) {
          try initiator.readReply(
            bytes.bytes.extracting(0..<reply), keys: &ends.device)
        }
        continue
      }
      try initiator.readReply(
        bytes.bytes.extracting(0..<reply), keys: &ends.device)
      try converse(&ends)
    }
  }

  @Test(
    "compact-kk, hybrid-ikpsk2: the static shared secret from a cache does what computing it does; a wrong one is refused"
  )
  func cachedSecret() throws {
    let psk = SecretBytes<32>.random()
    var right = SecretBytes<32>()
    try device.key.agree(with: server.key.publicKey, into: &right)
    var bytes = [UInt8](copying: right.bytes)
    bytes[9] ^= 0x20
    let wrong = try SecretBytes<32>(copying: bytes.bytes)
    for isRight in [true, false] {
      var frame = [UInt8](repeating: 0, count: 128)
      var bytes = frame.mutableBytes
      var compact = initiator(.compactKK)
      let hint = RoutingHint.bytes(of: device.key.publicKey)
      if isRight { compact.setStaticSharedSecret(right) } else { compact.setStaticSharedSecret(wrong) }
      var length = try compact.writeHello(hint: hint.bytes, into: &bytes)
      var compactResponder = Responder(.compactKK)
      let isCompactRead =
        (try? compactResponder.readHello(
          bytes.bytes.extracting(0..<length), key: server.key, device: device.key.publicKey)) != nil
      #expect(isCompactRead == isRight)
      var hybrid = initiator(.hybridIKpsk2)
      try hybrid.setPSK(psk)
      if isRight { hybrid.setStaticSharedSecret(right) } else { hybrid.setStaticSharedSecret(wrong) }
      length = try hybrid.writeHello(into: &bytes)
      var hybridResponder = Responder(.hybridIKpsk2)
      let claim = try? hybridResponder.readHello(bytes.bytes.extracting(0..<length), key: server.key)
      #expect(claim?.publicKey == (isRight ? device.key.publicKey : nil))
    }
  }

  @Test("derived-key-ephemeral: pseudonym and key agree, and every byte of the hello counts")
  func ephemeral() throws {
    let key = SecretBytes<32>.random()
    let pseudonym = Pseudonym<Hash.SHA256>.make(for: 4, key: key)
    for altered in -1..<SchemeID.derivedKeyEphemeral.row.maximumHelloLength {
      var frame = [UInt8](repeating: 0, count: 64)
      var bytes = frame.mutableBytes
      var ends = Ends()
      var initiator = Initiator(.derivedKeyEphemeral)
      try initiator.setPSK(key)
      let hello = try initiator.writeHello(hint: pseudonym.bytes.extracting(0..<RoutingHint.length), into: &bytes)
      #expect(hello == 51)
      var responder = Responder(.derivedKeyEphemeral)
      try responder.setPSK(key)
      if altered >= 0 {
        let byte = bytes.bytes.unsafeLoad(fromByteOffset: altered, as: UInt8.self)
        bytes.storeBytes(of: byte ^ 1, toByteOffset: altered, as: UInt8.self)
        #expect(throws: SchemesError.self) {
          _ = try responder.readHello(bytes.bytes.extracting(0..<hello), key: server.key)
        }
        continue
      }
      let first = [UInt8](copying: bytes.bytes.extracting(0..<hello))
      #expect(try RoutingHint.of(first.bytes, .derivedKeyEphemeral) == RoutingHint.of(pseudonym))
      let claim = try responder.readHello(first.bytes, key: server.key)
      #expect(claim.publicKey == nil && claim.certificate == nil)
      let reply = try responder.writeReply(
        into: &bytes, keys: &ends.server)
      try initiator.readReply(
        bytes.bytes.extracting(0..<reply), keys: &ends.device)
      try converse(&ends)
    }
  }

  @Test("Any bytes of any length are refused without a trap")
  func malformed() throws {
    for length in 0...130 {
      for first in [0, 4, 6, 7, 8, 9, 11, 255] {
        var frame = [UInt8](repeating: 0xA5, count: length)
        if length > 0 { frame[0] = UInt8(first) }
        for scheme in SchemeID.allCases where scheme.row.exchange.isNoise {
          var responder = Responder(scheme)
          if scheme == .derivedKeyEphemeral { try responder.setPSK(.random()) }
          let key = scheme.row.hint == .keyHash ? device.key.publicKey : nil
          #expect(throws: SchemesError.self) { _ = try responder.readHello(frame.bytes, key: server.key, device: key) }
        }
      }
    }
  }
}
