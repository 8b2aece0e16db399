// SPDX-License-Identifier: Apache-2.0

@_spi(Testing) import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Schemes
import Wire

/// The generated parts of docs/reference/wire-formats.md, by name.
extension WorkedExample {
  func regions() throws -> [String: String] {
    var regions = try credentials()
    regions.merge(try prologues()) { _, new in new }
    regions.merge(try records()) { _, new in new }
    regions.merge(try frames()) { _, new in new }
    return regions
  }

  private static let header = [("version and kind", 1), ("flags", 1), ("issuer key id", 2)]
  private static let fields = header + [("system", 4), ("device", 8), ("generation", 2), ("last epoch", 2)]

  private func credentials() throws -> [String: String] {
    let label = Array("countersign-v1".utf8) + [0]
    let key = Array(bob.certificate.encoded[20..<52])
    let anchorKey = authority.anchor
    let anchor = [UInt8](copying: anchorKey.bytes)
    let handshakeKey = authority.handshakeKey.publicKey
    let serverKey = [UInt8](copying: handshakeKey.bytes)
    let masterKey = authority.master.publicKey.bytes
    let master = [UInt8](copying: masterKey.bytes)
    let masterInput = Array("countersign-v1 master key id".utf8) + master
    let credential = carol.certificate.encodedForHandshake
    let idInput = Array("countersign-v1 issuer key id".utf8) + anchor
    return [
      "keys": [
        "| Key | Public | Private |", "|---|---|---|",
        "| the server signs with | `\(hex(anchor))` | seed: `a1` 32 times |",
        "| the server shakes hands with | `\(hex(serverKey))` | `ae` 32 times |",
        "| the server issues credentials with | `\(hex(master))` | seed: `51` 32 times |",
        "| Alice | `\(hex(Array(alice.certificate.encoded[20..<52])))` | `0a` 32 times |",
        "| Bob | `\(hex(key))` | `0b` 32 times |",
        "| Carol | `\(hex(Array(carol.certificate.encoded[52...])))` | `\(hex(carol.key.bytes))` |",
      ].joined(separator: "\n"),
      "issuer-key-id": "`SHA-256(\(hex(idInput)))` begins with `\(hex(Array(bob.certificate.encoded[2..<4])))`.",
      "master-key-id": "`SHA-256(\(hex(masterInput)))` begins with `\(hex(Array(credential[2..<4])))`.",
      "identity-credential": Layout(credential, Self.fields + [("point R", 32)]).table,
      "identity-hash-input": Layout(
        Array("countersign-v1 identity credential".utf8) + master + [0, 52] + credential,
        [
          ("label: `countersign-v1 identity credential`", 34), ("master public key", 32),
          ("length of the credential", 2), ("the credential", 52),
        ]
      ).table,
      "misissuance-evidence": Layout(
        try evidence(), [("version and kind", 1), ("flags", 1), ("credential", 52), ("another credential", 52)]
      ).table,
      "certificate": Layout(
        bob.certificate.encoded, Self.fields + [("X25519 public key", 32), ("Ed25519 signature", 64)]
      )
      .table,
      "certificate-in-handshake": Layout(
        bob.certificate.encodedForHandshake, Self.fields + [("Ed25519 signature", 64)]
      ).table,
      "signature-input": Layout(
        label + bob.certificate.encoded[..<20] + key,
        [("label: `countersign-v1` and a zero byte", 15), ("the certificate's fields", 20), ("X25519 public key", 32)]
      ).table,
      "epoch-statement": Layout(
        try authority.epoch(20).encoded, Self.header + [("epoch", 2), ("Ed25519 signature", 64)]
      ).table,
      "revocation-statement": Layout(
        try authority.revocation(system: 7, device: 0x0011_22FF_FE99_AABB, lastEpoch: 30).encoded,
        [
          ("version and kind", 1), ("reason", 1), ("issuer key id", 2), ("system", 4), ("device", 8),
          ("newest revoked generation", 2), ("last epoch", 2), ("sequence", 4), ("Ed25519 signature", 64),
        ]
      ).table,
      "rotation-statement": Layout(
        try authority.rotation(system: 7, device: 0x0011_22FF_FE99_AABB, lastEpoch: 30, sequence: 2).encoded,
        Self.header + [
          ("system", 4), ("device", 8), ("generation in use", 2), ("last epoch", 2), ("sequence", 4),
          ("Ed25519 signature", 64),
        ]
      ).table,
      "policy-statement": Layout(
        try authority.policy(from: 7, to: 8, lastEpoch: 30).encoded,
        Self.header + [("from system", 4), ("to system", 4), ("last epoch", 2), ("Ed25519 signature", 64)]
      ).table,
      "device-file": Layout(try deviceFile(), Self.deviceFileFields).table,
      "symmetric-file": Layout(try symmetricFile(), Self.symmetricFileFields).table,
      "hello-shared": Layout(
        try symmetricHello(.sharedKey),
        [("scheme", 1), ("system", 4), ("device", 8), ("counter", 4), ("code", 16)]
      ).table,
      "hello-derived": Layout(
        try symmetricHello(.derivedKey), [("scheme", 1), ("pseudonym", 8), ("counter", 4), ("code", 16)]
      ).table,
    ]
  }

  private static let symmetricFileFields: [(String, Int)] = {
    let slot = [
      ("state", 1), ("scheme", 1), ("generation", 2), ("counter", 4), ("key", 32), ("name", 32),
    ]
    return [
      ("magic `CSSF`", 4), ("version", 1), ("reserved", 3), ("system", 4), ("device", 8), ("epoch last told", 2),
      ("reserved", 2), ("reserved message counter", 8),
    ] + slot.map { ("slot A: " + $0.0, $0.1) } + slot.map { ("slot B: " + $0.0, $0.1) } + [
      ("SHA-256 of all that precedes", 32)
    ]
  }()
  /// Carol's credential and another for the same generation.
  private func evidence() throws -> [UInt8] {
    let random = [UInt8](repeating: 0x0E, count: 32)
    var key = X25519.PrivateKey()
    let second = try authority.master.issueInjected(carol.certificate.fields, random: random.bytes, into: &key)
    let evidence = try MisissuanceEvidence(carol.certificate.identityCredential!, second)
    var bytes = [UInt8](repeating: 0, count: MisissuanceEvidence.encodedLength)
    var span = bytes.mutableBytes
    evidence.encode(into: &span)
    return bytes
  }

  private static let deviceFileFields: [(String, Int)] = {
    let slot = [("state", 1), ("reserved", 1), ("private key", 32), ("certificate, standalone", 116), ("reserved", 2)]
    return [
      ("magic `CSDF`", 4), ("version", 1), ("scheme", 1), ("reserved", 2), ("device", 8),
      ("server's handshake key", 32),
      ("revocation sequence", 4), ("reserved message counter", 8),
    ] + slot.map { ("slot A: " + $0.0, $0.1) } + slot.map { ("slot B: " + $0.0, $0.1) } + [
      ("signing key trusted", 32), ("its successor", 32), ("system", 4), ("epoch", 2), ("policy 1: from system", 4),
      ("policy 1: to system", 4), ("policy 1: last epoch", 2), ("policies 2 to 8", 70),
      ("epoch until which revocations overflow, or 0", 2), ("revocation 1: device", 8), ("revocation 1: system", 4),
      ("revocation 1: generation", 2), ("revocation 1: last epoch", 2), ("revocations 2 to 32", 496),
      ("master public key, or zero", 32), ("SHA-256 of all that precedes", 32),
    ]
  }()

  private func prologues() throws -> [String: String] {
    let label = [("label", 15), ("kind", 1)]
    let both = [("from: system", 4), ("from: device", 8), ("to: system", 4), ("to: device", 8)]
    func bytes(_ prologue: Prologue) -> [UInt8] { [UInt8](copying: prologue.bytes) }
    return [
      "prologue-server": Layout(
        bytes(Prologue(scheme: .certified, serverKey: authority.handshakeKey.publicKey)),
        [("label", 15), ("scheme", 1), ("start of SHA-256 of the server's handshake key", 8)]
      ).table,
      "prologue-implicit-server": Layout(
        bytes(implicitServerPrologue),
        [
          ("label", 15), ("scheme", 1), ("start of SHA-256 of the server's handshake key", 8),
          ("start of SHA-256 of the master public key", 8),
        ]
      ).table,
      "prologue-implicit-relayed": Layout(
        bytes(implicitRelayedPrologue), label + both + [("start of SHA-256 of the master public key", 8)]
      ).table,
      "prologue-direct": Layout(bytes(Prologue(.direct)), label).table,
      "prologue-relayed": Layout(bytes(Prologue(.relayed(from: alice.address, to: bob.address))), label + both).table,
      "prologue-sealed": Layout(
        bytes(Prologue(.sealed(from: alice.address, to: bob.address, generation: 3))),
        label + both + [("recipient's generation", 2)]
      ).table,
    ]
  }

  private static func peerMessage() -> [UInt8] {
    let body = text
    return RecordSamples.encode(.message(messageID, body.bytes))
  }

  private func records() throws -> [String: String] {
    let address = [("system", 4), ("device", 8)]
    let number = [("message number", 8)]
    func device(_ record: borrowing DeviceRecord, _ fields: [(String, Int)]) -> String {
      Layout(RecordSamples.encode(record), [("type", 1)] + fields).table
    }
    func server(_ record: borrowing ServerRecord, _ fields: [(String, Int)]) -> String {
      Layout(RecordSamples.encode(record), [("type", 1)] + fields).table
    }
    let id = Self.messageID
    let body: [UInt8] = [0xB0, 0xD1]
    let key = Self.symmetricKey
    let epoch = try authority.epoch(20)
    return [
      "message-number": Layout([0, 1, 0, 0, 0, 0, 0, 0x2A], [("generation", 2), ("counter", 6)]).table,
      "device-hello": device(
        .hello(DeviceRecord.Hello(listens: true, epoch: 20, revocationSequence: 1)),
        [("bit 0: listens; bit 1: knows 0x93 and 0x94", 1), ("epoch", 2), ("highest revocation sequence taken", 4)]),
      "device-frame": device(
        .frame(to: bob.address, session: 0, body.bytes), address + [("session", 4), ("a peer frame", 2)]),
      "device-lookup": device(.lookup(bob.address), address),
      "device-deposit": device(
        .deposit(to: bob.address, generation: 3, id: id, body.bytes),
        address + [("generation the message is sealed to", 2)] + number + [("a sealed message", 2)]),
      "device-delivered": device(.delivered(from: bob.address, id: id), address + number),
      "device-renew": device(.renew(alice.certificate.publicKey), [("X25519 public key", 32)]),
      "device-renew-next": device(
        .renew(bob.certificate.publicKey, proof: try keyProof()), [("X25519 public key", 32), ("proof", 16)]),
      "device-ping": device(.ping, []),
      "device-open": device(
        .open(to: bob.address, id: id, body.bytes), address + number + [("a message in the open", 2)]),
      "device-rekey": device(.rekey, []),
      "server-open": server(
        .open(from: alice.address, id: id, body.bytes), address + number + [("a message in the open", 2)]),
      "server-key": server(
        .key(scheme: .derivedKey, generation: 2, key.bytes),
        [("scheme", 1), ("generation", 2), ("key", 32)]),
      "server-migrate": server(
        .migrate(
          scheme: .certified, epoch: 20, serverKey: authority.handshakeKey.publicKey, anchor: authority.anchor),
        [("scheme", 1), ("epoch", 2), ("server's handshake key", 32), ("signing key to trust", 32)]),
      "device-request": device(.request(try blinded().request), [("the device's point U", 32)]),
      "device-suspend": device(
        .suspend(
          Suspension(
            firstMessage: MessageID(0x0001_0000_0000_0140), active: .init(name: try Self.suspended(), next: 8),
            pending: .init(name: try Bytes(copying: [1, 2, 3, 4, 5, 6, 7, 8]), next: 0))),
        [
          ("message number of wake-up 0", 8),
          ("bit 0: the session in use follows; bit 1: one that was not answered", 1),
          ("its name", 8), ("its next counter", 4), ("name", 8), ("next counter", 4),
        ]),
      "server-suspended": server(
        .suspended(wakeUps: 256, window: 32, reserve: 8), [("wake-ups", 2), ("window", 1), ("reserve", 1)]),
      "server-credential": server(
        .credential(try blinded().answer), [("identity-based credential", 52), ("contribution r + hx", 32)]),
      "server-welcome": server(
        .welcome(session: 5, mayOnlyRenew: false, epoch),
        [("session", 4), ("bit 0: may only renew", 1), ("epoch statement", 70)]),
      "server-frame": server(
        .frame(from: alice.address, session: 5, body.bytes), address + [("session", 4), ("a peer frame", 2)]),
      "server-peer": server(
        .peer(bob.address, .asleep, bob.certificate),
        address + [("presence", 1), ("certificate, standalone; or nothing", 116)]),
      "server-accepted": server(.accepted(id), number),
      "server-refused": server(.refused(id, .quotaExceeded), number + [("reason", 1)]),
      "server-mail": server(
        .mail(from: alice.address, id: id, body.bytes), address + number + [("a sealed message", 2)]),
      "server-certificate": server(.certificate(alice.certificate), [("certificate, standalone", 116)]),
      "server-rotate": server(.rotate, []),
      "server-revocation": server(
        .revocation(try authority.revocation(system: 7, device: 0x0011_22FF_FE99_AABB, lastEpoch: 30)),
        [("revocation statement", 88)]),
      "server-key-refused": server(
        .keyRefused(.tooMany, retryAfter: 3600), [("reason", 1), ("seconds to wait, or 0", 4)]),
      "server-turned-away": server(.turnedAway(.quarantined), [("reason", 1)]),
      "server-rotation": server(
        .rotation(try authority.rotation(system: 7, device: 0x0011_22FF_FE99_AABB, lastEpoch: 30, sequence: 2)),
        [("rotation statement", 88)]),
      "server-policy": server(
        .policy(try authority.policy(from: 7, to: 8, lastEpoch: 30)), [("policy statement", 78)]),
      "server-epoch": server(.epoch(epoch), [("epoch statement", 70)]),
      "server-caught-up": server(.caughtUp, []),
      "server-pong": server(.pong, []),
      "server-unreachable": server(.unreachable(bob.address, session: 5), address + [("session", 4)]),
      "peer-message": Layout(
        Self.peerMessage(), [("type", 1)] + number + [("text", 5)]
      ).table,
      "peer-acknowledgement": Layout(RecordSamples.encode(.acknowledgement(id)), [("type", 1)] + number).table,
      "peer-refusal": Layout(
        RecordSamples.encode(.refusal(id, .tooOld)), [("type", 1)] + number + [("reason", 1)]
      ).table,
    ]
  }

  /// Bob's key, proved in a session whose server's ephemeral key is Alice's static one and whose handshake hash is 32 bytes of 0x68.
  private func keyProof() throws -> Bytes<16> {
    let hash = [UInt8](repeating: 0x68, count: 32)
    return try KeyProof.make(
      for: bob.key.key, serverEphemeral: alice.certificate.publicKey, handshakeHash: hash.bytes)
  }

  /// What the session exported that is suspended in the example: 32 bytes of 0x0E.
  private static func export() throws -> SecretBytes<32> {
    try SecretBytes(copying: [UInt8](repeating: 0x0E, count: 32))
  }

  private static func suspended() throws -> Bytes<8> {
    let export = try export()
    return Chain.name(export: export)
  }

  /// Wake-up 0 with a text of 20 bytes, and its answer.
  private func wakeUp() throws -> (frame: [UInt8], answer: [UInt8]) {
    var chain = Chain()
    let export = try Self.export()
    chain.start(export: export)
    var step = ChainStep()
    chain.advance(&step)
    let text = Array("21.5 C, 1013 hPa, ok".utf8)
    var frame = [UInt8](repeating: 0, count: WakeFrame.overhead + text.count)
    var span = frame.mutableBytes
    _ = try WakeFrame.seal(.wantsAnswer, text.bytes, name: try Self.suspended(), step: step, into: &span)
    var answer = [UInt8](repeating: 0, count: WakeAnswer.overhead)
    var place = answer.mutableBytes
    _ = try WakeAnswer(flags: [], distance: 0, bitmap: 0, epoch: 20)
      .seal(RawSpan(), number: 0, name: try Self.suspended(), key: step.answerKey, into: &place)
    return (frame, answer)
  }

  private func frames() throws -> [String: String] {
    let (wakeUp, wakeAnswer) = try wakeUp()
    let payload = [("encrypted certificate", 84), ("tag", 16)]
    let key = [("encrypted static key", 32), ("tag", 16)]
    let credential = [("encrypted identity-based credential", 52), ("tag", 16), ("tag of an empty payload", 16)]
    let server = try toServer()
    let hello = [SchemeID.certified.rawValue] + server.messages[0]
    let record = try server.seal(
      RecordSamples.encode(.hello(DeviceRecord.Hello(listens: true, epoch: 20, revocationSequence: 1))))
    let relayed = try relayed()
    let message = [3] + (try relayed.seal(Self.peerMessage()))
    let direct = try direct().messages
    return [
      "stream": Layout([0, UInt8(hello.count)] + hello, [("length", 2), ("frame", hello.count)]).table,
      "first-frame": Layout(hello, [("scheme", 1), ("ephemeral key", 32)] + key + payload).table,
      "implicit-first-frame": Layout(
        [SchemeID.identityBased.rawValue]
          + (try implicit(implicitServerPrologue, with: X25519.PrivateKey.Copy(authority.handshakeKey)).messages[0]),
        [("scheme", 1), ("ephemeral key", 32)] + credential
      ).table,
      "peer-implicit1": Layout(
        [5] + (try implicit(implicitRelayedPrologue, with: bob.key).messages[0]),
        [("step", 1), ("ephemeral key", 32)] + credential
      ).table,
      "answer": Layout(server.messages[1], [("ephemeral key", 32), ("tag of an empty payload", 16)]).table,
      "refusal": Layout(
        try toServer(answer: [SessionRefusal.unknownKey.rawValue]).messages[1],
        [("ephemeral key", 32), ("encrypted reason", 1), ("tag", 16)]
      ).table,
      "wake-up": Layout(
        wakeUp, [("first byte", 1), ("hint", 5), ("sealed: flags and data", 21), ("tag", 16)]
      ).table,
      "wake-answer": Layout(
        wakeAnswer,
        [("first byte", 1), ("number", 1), ("sealed: flags, distance, bitmap, epoch", 6), ("tag", 16)]
      ).table,
      "try-later": Layout([Framing.tryLater], [("try later", 1)]).table,
      "session-frame": Layout(record, [("encrypted record", 8), ("tag", 16)]).table,
      "peer-ik1": Layout([1] + relayed.messages[0], [("step", 1), ("ephemeral key", 32)] + key + payload).table,
      "peer-ik2": Layout(
        [2] + relayed.messages[1], [("step", 1), ("ephemeral key", 32), ("tag of an empty payload", 16)]
      ).table,
      "peer-transport": Layout(message, [("step", 1), ("encrypted record", 14), ("tag", 16)]).table,
      "peer-xx1": Layout([0x11] + direct[0], [("step", 1), ("ephemeral key", 32)]).table,
      "peer-xx2": Layout([0x12] + direct[1], [("step", 1), ("ephemeral key", 32)] + key + payload).table,
      "peer-xx3": Layout([0x13] + direct[2], [("step", 1)] + key + payload).table,
      "sealed-message": Layout(
        try sealed(),
        [("ephemeral key", 32)] + key + [
          ("encrypted certificate of the sender", 84), ("encrypted message number", 8), ("encrypted text", 5),
          ("tag", 16),
        ]
      ).table,
    ]
  }
}
