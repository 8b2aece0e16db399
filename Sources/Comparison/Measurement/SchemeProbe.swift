// SPDX-License-Identifier: Apache-2.0

import Schemes
import Noise
import CountersignCrypto

/// A scheme as the comparison runs it: with fresh keys, both parties in this process, no network.
protocol SchemeProbe {
  /// What does not need measuring.
  var facts: SchemeFacts { get }

  /// Runs one handshake with the code that devices and servers run.
  mutating func run(_ trace: inout HandshakeTrace) throws

  /// Runs the same handshake over primitives that count.
  mutating func count(_ trace: inout HandshakeTrace) throws

  /// Frames of a key rotation, the new handshake left out; nil where the scheme has none over the network.
  func rotation() throws -> [SchemeProfile.Message]?
}

extension SchemeProbe {
  func rotation() throws -> [SchemeProfile.Message]? { nil }
}

/// What a probe knows of its scheme beforehand.
struct SchemeFacts {
  var scheme: SchemeID
  var title: String
  var remark: String
  var isPublicKey: Bool
  /// Sizes of what is stored, field by field.
  var deviceStorage: [Int]
  var serverStorage: [Int]
  var serverKeys: [String]
  /// How many devices one run of the server serves: more than one where it speaks to all at once.
  var served = 1
}

extension HandshakePattern {
  /// The X25519 operations of one party: a base multiplication for each `e` it sends, one for each Diffie-Hellman but that of
  /// both static keys, which either side keeps.
  func curveOperations(_ role: Role) -> OperationCounts {
    var counts = OperationCounts()
    for index in 0..<messageCount {
      var tokens = message(index)
      while let token = tokens.popFirst() {
        switch token {
        case .e: if (index % 2 == 0) == (role == .initiator) { counts.x25519Base += 1 }
        case .ee, .es, .se: counts.x25519 += 1
        // A KEM is no operation on the curve.
        case .s, .ss, .psk, .e1, .ekem1: break
        }
      }
    }
    return counts
  }
}

/// Two parties of a Noise pattern of two or three messages over counting primitives: what every Noise scheme shares.
struct CountedNoise {
  var pattern: HandshakePattern
  var prologueLength: Int
  /// Bytes of the payload of the device's last message.
  var payload = 0
  var psk: Int?
  /// What the device sends in place of its key, where the pattern is `implicit`.
  var credential: [UInt8] = []

  func run(device: borrowing X25519.PrivateKey, server: borrowing X25519.PrivateKey, _ trace: inout HandshakeTrace)
    throws
  {
    let prologue = [UInt8](repeating: 0, count: prologueLength)
    let payload = [UInt8](repeating: 0, count: payload)
    let isLong = pattern.messageCount == 3
    var wire = [UInt8](repeating: 0, count: 512)
    var read = [UInt8](repeating: 0, count: 512)
    var wireBytes = wire.mutableBytes
    var readBytes = read.mutableBytes
    let shared = SecretBytes<32>.random()
    trace.turn(.device)
    var initiator = HandshakeState<CountingCipher, CountingHash>(pattern, role: .initiator)
    if pattern.needsStatic(.initiator) { initiator.setStatic(device) }
    if pattern.responderPreMessage.contains(.s) { initiator.setRemoteStatic(server.publicKey) }
    if let psk { try initiator.setPSK(shared, at: psk) }
    try initiator.start(prologue: prologue.bytes)
    let first = try initiator.writeMessage(
      payloadLength: isLong ? 0 : payload.count, credential: credential.bytes, into: &wireBytes
    ) { if !isLong { copyBytes(payload.bytes, to: &$0) } }
    trace.sent(first)
    trace.turn(.server)
    var responder = HandshakeState<CountingCipher, CountingHash>(pattern, role: .responder)
    if pattern.responderPreMessage.contains(.s) { responder.setStatic(server) }
    if pattern.initiatorPreMessage.contains(.s) { responder.setRemoteStatic(device.publicKey) }
    if let psk { try responder.setPSK(shared, at: psk) }
    try responder.start(prologue: prologue.bytes)
    let key = device.publicKey
    _ = try responder.readMessage(
      wireBytes.bytes.extracting(0..<first), into: &readBytes,
      reconstructing: { _ throws(NoiseError) in key })
    let second = try responder.writeMessage(into: &wireBytes)
    trace.sent(second)
    var transport = TransportState<CountingCipher>()
    if !isLong { try responder.split(sending: &transport.sending, receiving: &transport.receiving) }
    trace.turn(.device)
    _ = try initiator.readMessage(wireBytes.bytes.extracting(0..<second), into: &readBytes)
    if isLong {
      let third = try initiator.writeMessage(payload.bytes, into: &wireBytes)
      trace.sent(third)
      _ = try initiator.split()
      trace.turn(.server)
      _ = try responder.readMessage(wireBytes.bytes.extracting(0..<third), into: &readBytes)
      try responder.split(sending: &transport.sending, receiving: &transport.receiving)
    } else {
      _ = try initiator.split()
    }
    trace.end()
    trace.add(pattern.curveOperations(.initiator), for: .device)
    trace.add(pattern.curveOperations(.responder), for: .server)
  }
}
