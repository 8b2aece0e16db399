// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import FleetSupport
import Noise
import Testing

@testable import Schemes

/// Noise_XK, which no row of the table has: the device shows its key and certificate in a third message.
@Suite("A handshake of three messages")
final class ThreeMessagesTests {
  let authority = try! Authority()
  let key = X25519.PrivateKey.random()
  let certificate: Certificate
  private var device = Initiator(.certified, pattern: .XK)
  private var server = Responder(.certified, pattern: .XK)
  private var deviceKeys = SessionKeys()
  private var serverKeys = SessionKeys()
  private var proof = ProofContext()

  init() throws {
    certificate = try authority.certificate(for: key.publicKey)
  }

  private func frame(_ body: (inout MutableRawSpan) throws(SchemesError) -> Int) throws(SchemesError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    let length = try body(&span)
    return Array(frame[..<length])
  }

  /// Up to the third message, which is returned.
  private func begin() throws -> [UInt8] {
    device.setStatic(key, server: authority.handshakeKey.publicKey)
    let hello = try frame { span throws(SchemesError) in try device.writeHello(into: &span) }
    #expect(hello.count == 49)
    let claim = try server.readHello(hello.bytes, key: authority.handshakeKey)
    #expect(claim.publicKey == nil && claim.certificate == nil)
    let reply = try frame { span throws(SchemesError) in
      try server.writeReply(into: &span, keys: &serverKeys, proof: &proof)
    }
    #expect(reply.count == 48)
    try device.readReply(reply.bytes, keys: &deviceKeys)
    let (hasServerKeys, hasDeviceKeys, isDevicesTurn) = (serverKeys.isPresent, deviceKeys.isPresent, device.isMyTurn)
    #expect(!hasServerKeys && !hasDeviceKeys && isDevicesTurn)
    return try frame { span throws(SchemesError) in
      try device.writeLast(certificate, into: &span, keys: &deviceKeys)
    }
  }

  @Test("ends with keys that both have, the device's certificate at the server, and a key that can be proved")
  func agreement() throws {
    let last = try begin()
    let claim = try server.readLast(last.bytes, keys: &serverKeys, proof: &proof)
    #expect(claim.publicKey == key.publicKey && claim.certificate == certificate)
    #expect(try serverKeys.receiving.opened(deviceKeys.sending.sealed("up")) == "up")
    #expect(try deviceKeys.receiving.opened(serverKeys.sending.sealed("down")) == "down")
    let next = X25519.PrivateKey.random()
    let shown = try device.proof(of: next)
    let (isAccepted, isAnothers) = (proof.accepts(shown, for: next.publicKey), proof.accepts(shown, for: key.publicKey))
    #expect(isAccepted && !isAnothers)
  }

  @Test("names nobody when any bit of the third message is turned")
  func altered() throws {
    let last = try begin()
    for bit in 0..<last.count * 8 {
      #expect(throws: SchemesError.self, "bit \(bit)") {
        try server.readLast(flipping(bit, of: last).bytes, keys: &serverKeys, proof: &proof)
      }
    }
    let hasKeys = serverKeys.isPresent
    #expect(!hasKeys)
    #expect(try server.readLast(last.bytes, keys: &serverKeys, proof: &proof).certificate == certificate)
  }
}
