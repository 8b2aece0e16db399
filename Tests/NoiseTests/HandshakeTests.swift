// SPDX-License-Identifier: Apache-2.0

import Noise
import CountersignCrypto
import Testing

@Suite("A handshake, from the first message to the first transport message")
struct HandshakeTests {
  @Test("IK: both parties agree on the hash, and each direction has its key")
  func ik() throws {
    let initiatorKey = X25519.PrivateKey.random()
    let responderKey = X25519.PrivateKey.random()
    var initiator = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .initiator)
    initiator.setStatic(initiatorKey)
    initiator.setRemoteStatic(responderKey.publicKey)
    try initiator.start()
    var responder = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(.IK, role: .responder)
    responder.setStatic(responderKey)
    try responder.start()

    var wire = [UInt8](repeating: 0, count: 256)
    var payload = [UInt8](repeating: 0, count: 256)
    var wireBytes = wire.mutableBytes
    var payloadBytes = payload.mutableBytes
    let first = try initiator.writeMessage(into: &wireBytes)
    #expect(first == 96)
    let empty = try responder.readMessage(wireBytes.bytes.extracting(0..<first), into: &payloadBytes)
    #expect(empty == 0)
    #expect(responder.remoteStatic == initiatorKey.publicKey)
    let second = try responder.writeMessage(into: &wireBytes)
    #expect(second == 48)
    _ = try initiator.readMessage(wireBytes.bytes.extracting(0..<second), into: &payloadBytes)
    #expect(initiator.isFinished && responder.isFinished)
    let hashesAgree = constantTimeEquals(initiator.handshakeHash, responder.handshakeHash)
    #expect(hashesAgree)

    var alice = try initiator.split()
    var bob = try responder.split()
    let sent: [UInt8] = Array("hello".utf8)
    let length = try alice.sending.encrypt(sent.bytes, into: &wireBytes)
    let got = try bob.receiving.decrypt(wireBytes.bytes.extracting(0..<length), into: &payloadBytes)
    let isSame = constantTimeEquals(payloadBytes.bytes.extracting(0..<got), sent.bytes)
    #expect(isSame)
  }
}
