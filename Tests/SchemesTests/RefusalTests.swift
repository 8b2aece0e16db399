// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Wire
import FleetSupport
import Noise
import Schemes
import Testing

/// A device that has sent its first frame by a Noise handshake, and the server that has read it.
private final class Asked {
  let authority = try! Authority()
  let key = X25519.PrivateKey.random()
  var device: Initiator
  var server: Responder
  var keys = SessionKeys()

  init(_ scheme: SchemeID) throws {
    device = Initiator(scheme)
    server = Responder(scheme)
    let row = scheme.row
    if row.hasKeyPair { device.setStatic(key, server: authority.handshakeKey.publicKey) }
    if row.usesPSK {
      let psk = SecretBytes<32>.random()
      try device.setPSK(psk)
      // The key beside a key pair is looked up when the key is known: of a stranger there is none.
      if !row.hasKeyPair { try server.setPSK(psk) }
    }
    let hint = [UInt8](copying: RoutingHint.bytes(of: key.publicKey).bytes)
    let shown = row.shown == .nothing ? [] : try authority.certificate(for: key.publicKey).encodedForHandshake
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    let length = try device.writeHello(
      hint: hint.bytes.extracting(0..<row.hint.length), showing: shown.bytes, into: &span)
    let hello = Array(frame[..<length])
    _ = try server.readHello(
      hello.bytes, key: authority.handshakeKey, device: row.hint == .keyHash ? key.publicKey : nil)
  }

  func refusal(_ reason: SessionRefusal) throws -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: 64)
    var span = frame.mutableBytes
    let length = try server.writeRefusal(reason, into: &span)
    return Array(frame[..<length])
  }

  func read(_ frame: [UInt8]) throws(SchemesError) { try device.readReply(frame.bytes, keys: &keys) }
}

@Suite("A refusal")
struct RefusalTests {
  static let reasons: [SessionRefusal] = [
    .unknownKey, .revoked, .belowFloor, .invalidCertificate, .withdrawn, .quarantined, SessionRefusal(rawValue: 200),
  ]
  static let noiseSchemes = SchemeID.allCases.filter { $0.row.exchange.isNoise && $0.row.shown != .credential }
  static let challengeSchemes = SchemeID.allCases.filter { $0.row.exchange == .challenge }

  @Test("is read by the holder of the key, and opens nothing", arguments: noiseSchemes)
  func noise(_ scheme: SchemeID) throws {
    for reason in Self.reasons {
      let asked = try Asked(scheme)
      let frame = try asked.refusal(reason)
      #expect(frame.count == scheme.row.refusalLength && frame.count == scheme.row.replyLength + 1)
      #expect(throws: SchemesError.refused(reason)) { try asked.read(frame) }
      let isOpen = asked.keys.isPresent
      #expect(!isOpen)
      // The handshake is over: no answer comes after it.
      #expect(throws: SchemesError.self) { try asked.read(frame) }
    }
  }

  @Test("of which a bit is turned, or for another, refuses nobody", arguments: noiseSchemes)
  func forged(_ scheme: SchemeID) throws {
    let other = try Asked(scheme).refusal(.revoked)
    for bit in stride(from: 0, to: scheme.row.refusalLength * 8, by: 3) {
      let asked = try Asked(scheme)
      let frame = flipping(bit, of: try asked.refusal(.unknownKey))
      #expect(throws: SchemesError.noise(.decryptionFailed), "bit \(bit)") { try asked.read(frame) }
    }
    let asked = try Asked(scheme)
    #expect(throws: SchemesError.noise(.decryptionFailed)) { try asked.read(other) }
    #expect(throws: SchemesError.noise(.decryptionFailed)) {
      try asked.read([UInt8](repeating: 0xA5, count: scheme.row.refusalLength))
    }
  }

  /// The same without public keys: what the device makes of the server's refusal, altered on its way.
  private func challenge(
    _ scheme: SchemeID, _ reason: SessionRefusal, alter: ([UInt8]) -> [UInt8] = { $0 }
  ) throws -> (length: Int, error: SchemesError?, spoilt: Bool) {
    let key = SecretBytes<32>.random()
    let hint = [UInt8](repeating: 7, count: scheme.row.hint.length)
    var device = SymmetricHandshake<Hash.SHA256>(scheme: scheme)
    var server = SymmetricResponder<Hash.SHA256>()
    var keys = SessionKeys()
    var hello = [UInt8](repeating: 0, count: scheme.row.maximumHelloLength)
    var span = hello.mutableBytes
    _ = try device.writeHello(key: key, hint: hint.bytes, counter: 4, into: &span)
    let claim = try server.readHello(hello.bytes)
    try server.verify(claim, key: key, lastCounter: nil)
    var frame = [UInt8](repeating: 0, count: 64)
    var place = frame.mutableBytes
    let length = try server.writeRefusal(reason, into: &place)
    let honest = Array(frame[..<length])
    let altered = alter(honest)
    var error: SchemesError?
    do { try device.readReply(altered.bytes, keys: &keys) } catch let caught { error = caught }
    var isSpoilt = false
    if altered != honest {
      do { try device.readReply(honest.bytes, keys: &keys) } catch let caught { isSpoilt = caught != .refused(reason) }
    }
    let isOpen = keys.isPresent
    #expect(!isOpen)
    return (length, error, isSpoilt)
  }

  @Test("without public keys is read by the holder of the key", arguments: challengeSchemes)
  func challenged(_ scheme: SchemeID) throws {
    for reason in Self.reasons {
      let (length, error, _) = try challenge(scheme, reason)
      #expect(length == scheme.row.refusalLength && error == .refused(reason))
    }
    for bit in 0..<scheme.row.refusalLength * 8 {
      let (_, error, isSpoilt) = try challenge(scheme, .revoked) { flipping(bit, of: $0) }
      #expect(error == .authenticationFailed && !isSpoilt, "bit \(bit)")
    }
  }
}
