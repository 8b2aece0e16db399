// SPDX-License-Identifier: Apache-2.0

import Credentials
import FleetSupport
import Noise
import CountersignCrypto
import Schemes

/// Both ends of a handshake between a device and the server, in places that do not move.
final class ServerHandshake {
  let authority: Authority
  let key = X25519.PrivateKey.random()
  let certificate: Certificate
  var device: Initiator
  private(set) var server: Responder
  var deviceKeys = SessionKeys()
  var serverKeys = SessionKeys()

  init(_ scheme: SchemeID = .certified) throws {
    authority = try Authority()
    certificate = try authority.certificate(for: key.publicKey)
    device = Initiator(scheme)
    server = Responder(scheme)
  }

  func hello(to serverKey: X25519.PublicKey? = nil) throws(SchemesError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: Initiator.maximumHelloLength)
    var span = frame.mutableBytes
    device.setStatic(key, server: serverKey ?? authority.handshakeKey.publicKey)
    let length = try device.writeHello(certificate, into: &span)
    return Array(frame[..<length])
  }

  /// The server holds nothing of an earlier frame: each is read by a new responder.
  func read(_ frame: [UInt8]) throws(SchemesError) -> Responder.Claim {
    server = try Responder(answering: frame.bytes)
    return try server.readHello(frame.bytes, key: authority.handshakeKey)
  }

  func reply() throws(SchemesError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: server.scheme.row.replyLength)
    var span = frame.mutableBytes
    let length = try server.writeReply(into: &span, keys: &serverKeys)
    return Array(frame[..<length])
  }

  func finish(_ frame: [UInt8]) throws(SchemesError) {
    try device.readReply(frame.bytes, keys: &deviceKeys)
  }

  /// A first frame made from the specification's objects, with any payload.
  func hello(scheme: SchemeID, payload: [UInt8]) throws -> [UInt8] {
    var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    let serverKey = authority.handshakeKey.publicKey
    noise.setStatic(key)
    noise.setRemoteStatic(serverKey)
    let prologue = Prologue(scheme: scheme, serverKey: serverKey)
    try noise.start(prologue: prologue.bytes)
    var frame = [UInt8](repeating: 0, count: 96 + payload.count)
    var span = frame.mutableBytes
    _ = try noise.writeMessage(payload.bytes, into: &span)
    return [scheme.rawValue] + frame
  }
}

extension CipherState {
  mutating func sealed(_ text: String) throws(NoiseError) -> [UInt8] {
    var message = Array(text.utf8) + [UInt8](repeating: 0, count: 16)
    var span = message.mutableBytes
    try encrypt(inPlace: &span)
    return message
  }

  mutating func opened(_ message: [UInt8]) throws(NoiseError) -> String {
    var message = message
    var span = message.mutableBytes
    try decrypt(inPlace: &span)
    return String(decoding: message.dropLast(16), as: UTF8.self)
  }
}
