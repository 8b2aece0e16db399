// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import Device
import FleetSupport
@_spi(Testing) import Noise
import CountersignCrypto
import Schemes
import Wire

/// One conversation from fixed keys, from which every table of the wire formats is taken. Where the real code draws keys at
/// random, the handshake is run from the specification's objects, and the real code reads it.
struct WorkedExample {
  let authority: Authority
  let alice: Party
  let bob: Party
  /// A device with an identity-based credential, whose key follows from the credential.
  let carol: Party

  /// A device with a key of one repeated byte.
  struct Party {
    let key: X25519.PrivateKey.Copy
    let certificate: Certificate
    var address: DeviceAddress { certificate.fields.address }
  }

  init() throws {
    let authority = try Authority(seed: 0xA1)
    self.authority = authority
    func party(_ byte: UInt8, _ id: UInt64, generation: Generation) throws -> Party {
      let key = X25519.PrivateKey.Copy(byte)
      let certificate = try authority.certificate(
        for: key.publicKey, system: 7, device: id, generation: generation, lastEpoch: 30)
      return Party(key: key, certificate: certificate)
    }
    alice = try party(0x0A, 0x0011_22FF_FE33_4455, generation: 1)
    bob = try party(0x0B, 0x0011_22FF_FE66_7788, generation: 3)
    let address = DeviceAddress(system: SystemID(7), device: DeviceID(0x0011_22FF_FE77_8899))
    let random = [UInt8](repeating: 0x0C, count: 32)
    var key = X25519.PrivateKey()
    let credential = try authority.master.issueInjected(
      authority.master.fields(for: address, generation: 1, lastEpoch: 30), random: random.bytes, into: &key)
    carol = Party(
      key: X25519.PrivateKey.Copy(key), certificate: Certificate(credential, publicKey: key.publicKey))
  }

  /// What the server answers to a request of Carol's: U = B.
  func blinded() throws -> (request: Bytes<32>, answer: BlindedCredential) {
    let one: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    var request = IdentityRequest()
    try request.load(one.bytes)
    let random = [UInt8](repeating: 0x0D, count: 32)
    let fields = authority.master.fields(for: carol.address, generation: 2, lastEpoch: 30)
    return (request.point, try authority.master.issueBlinded(fields, request: request.point, random: random.bytes))
  }

  /// A handshake between two parties with fixed ephemeral keys, message by message.
  final class Handshake {
    private var initiator: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
    private var responder: HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>
    var first = CipherState<Cipher.ChaChaPoly>()
    var second = CipherState<Cipher.ChaChaPoly>()
    private(set) var messages: [[UInt8]] = []

    init(
      _ pattern: HandshakePattern, _ a: X25519.PrivateKey.Copy, _ b: X25519.PrivateKey.Copy, prologue: [UInt8],
      payloads: [[UInt8]], credential: [UInt8] = [], master: MasterPublicKey? = nil
    ) throws {
      initiator = HandshakeState(pattern, role: .initiator)
      responder = HandshakeState(pattern, role: .responder)
      initiator.setStatic(a.key)
      initiator.setEphemeral(X25519.PrivateKey.Copy(0xE1).key)
      if pattern.responderPreMessage.contains(.s) { initiator.setRemoteStatic(b.publicKey) }
      responder.setStatic(b.key)
      if pattern.messageCount > 1 { responder.setEphemeral(X25519.PrivateKey.Copy(0xE2).key) }
      try initiator.start(prologue: prologue.bytes)
      try responder.start(prologue: prologue.bytes)
      for (index, payload) in payloads.enumerated() {
        var message = [UInt8](repeating: 0, count: 1024)
        var read = [UInt8](repeating: 0, count: 1024)
        var span = message.mutableBytes
        var place = read.mutableBytes
        let length: Int
        if index % 2 == 0 {
          length = try initiator.writeMessage(
            payloadLength: payload.count, credential: credential.bytes, into: &span
          ) { copyBytes(payload.bytes, to: &$0) }
          _ = try responder.readMessage(
            span.bytes.extracting(0..<length), into: &place,
            reconstructing: { bytes throws(NoiseError) in
              guard let master, let shown = try? IdentityCredential(decoding: bytes),
                let key = try? shown.publicKey(under: master)
              else { throw .peerRefused }
              return key
            })
        } else {
          length = try responder.writeMessage(payload.bytes, into: &span)
          _ = try initiator.readMessage(span.bytes.extracting(0..<length), into: &place)
        }
        messages.append(Array(message[..<length]))
      }
      if pattern.messageCount > 1 { try initiator.split(sending: &first, receiving: &second) }
    }

    /// The next transport message of the initiator.
    func seal(_ record: [UInt8]) throws -> [UInt8] {
      var message = record + [UInt8](repeating: 0, count: tagLength)
      var span = message.mutableBytes
      try first.encrypt(inPlace: &span)
      return message
    }
  }

  /// - Parameter answer: the payload of the server's answer: nothing, or why it refuses.
  func toServer(answer: [UInt8] = []) throws -> Handshake {
    let server = X25519.PrivateKey.Copy(authority.handshakeKey)
    let prologue = Prologue(scheme: .certified, serverKey: server.publicKey)
    return try Handshake(
      .IK, alice.key, server, prologue: [UInt8](copying: prologue.bytes),
      payloads: [alice.certificate.encodedForHandshake, answer])
  }

  /// Carol's handshake with the server, or with Bob through the relay.
  func implicit(_ prologue: Prologue, with other: X25519.PrivateKey.Copy) throws -> Handshake {
    try Handshake(
      .IK.implicit(credentialLength: IdentityCredential.encodedLength), carol.key, other,
      prologue: [UInt8](copying: prologue.bytes), payloads: [[], []],
      credential: carol.certificate.encodedForHandshake, master: authority.master.publicKey)
  }

  var implicitServerPrologue: Prologue {
    Prologue(
      scheme: .identityBased, serverKey: authority.handshakeKey.publicKey, master: authority.master.publicKey)
  }

  var implicitRelayedPrologue: Prologue {
    Prologue(.relayed(from: carol.address, to: bob.address), master: authority.master.publicKey)
  }

  func relayed() throws -> Handshake {
    let prologue = Prologue(.relayed(from: alice.address, to: bob.address))
    return try Handshake(
      .IK, alice.key, bob.key, prologue: [UInt8](copying: prologue.bytes),
      payloads: [alice.certificate.encodedForHandshake, []])
  }

  func direct() throws -> Handshake {
    let prologue = Prologue(.direct)
    return try Handshake(
      .XX, alice.key, bob.key, prologue: [UInt8](copying: prologue.bytes),
      payloads: [[], bob.certificate.encodedForHandshake, alice.certificate.encodedForHandshake])
  }

  static let messageID = MessageID(0x0001_0000_0000_002A)
  static let text = Array("hello".utf8)

  func sealed() throws -> [UInt8] {
    let prologue = Prologue(
      .sealed(from: alice.address, to: bob.address, generation: bob.certificate.fields.generation))
    let payload = alice.certificate.encodedForHandshake + [0, 1, 0, 0, 0, 0, 0, 0x2A] + Self.text
    return try Handshake(
      .X, alice.key, bob.key, prologue: [UInt8](copying: prologue.bytes), payloads: [payload]
    ).messages[0]
  }

  /// Bob's device file, put together from the layout and not by the code that writes it.
  func deviceFile() throws -> [UInt8] {
    var trust = TrustStore(anchor: authority.anchor, system: SystemID(7), epoch: 20)
    try trust.accept(authority.policy(from: 7, to: 8, lastEpoch: 30))
    try trust.accept(authority.revocation(system: 7, device: 0x0011_22FF_FE99_AABB, lastEpoch: 30))
    var file: [UInt8] = Array("CSDF".utf8) + [2, 6, 0, 0]
    file += [0x00, 0x11, 0x22, 0xFF, 0xFE, 0x66, 0x77, 0x88]
    let serverKey = authority.handshakeKey.publicKey
    file += [UInt8](copying: serverKey.bytes)
    file += [0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 0x40]
    file += [1, 0] + [UInt8](repeating: 0x0B, count: 32) + bob.certificate.encoded + [0, 0]
    file += [UInt8](repeating: 0, count: 152)
    file += trust.encoded
    let master = authority.master.publicKey.bytes
    file += [UInt8](copying: master.bytes)
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(file.bytes, into: &span)
    return file + digest
  }
}

extension X25519.PrivateKey {
  /// A private key in a place that can be passed around: for keys that are no secret.
  final class Copy {
    let key: X25519.PrivateKey
    var publicKey: X25519.PublicKey { key.publicKey }
    let bytes: [UInt8]

    init(_ byte: UInt8) {
      let secret = [UInt8](repeating: byte, count: 32)
      bytes = secret
      key = try! X25519.PrivateKey(copying: secret.bytes)
    }

    init(_ other: borrowing X25519.PrivateKey) {
      var copy = X25519.PrivateKey()
      copy.copy(from: other)
      bytes = [UInt8](copying: copy.secretBytes)
      key = copy
    }
  }
}
