import Credentials
import Device
import Noise
import Primitives
import Schemes

/// The keys of one device and its server, with the certificate between them.
final class NoiseParties {
  let device = X25519.PrivateKey.random()
  let server = X25519.PrivateKey.random()
  let psk = SymmetricKey.random()
  let issuerKey: Ed25519.PublicKey
  let certificate: Certificate
  let epoch: Epoch = 3

  init() throws {
    let signing = try SigningKey()
    issuerKey = signing.publicKey
    certificate = try Issuer(signing).certificate(
      for: device.publicKey, system: SystemID(7), device: DeviceID(0x0102_0304_0506_0708), generation: 1, lastEpoch: 9)
  }

  /// `renew` and its answer, as sealed records.
  func renewal() throws -> [SchemeProfile.Message] {
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    let renew = DeviceRecord.renew(device.publicKey).encode(into: &bytes) + tagLength
    let answer = ServerRecord.certificate(certificate).encode(into: &bytes) + tagLength
    return [.init(sender: .device, bytes: Double(renew)), .init(sender: .server, bytes: Double(answer))]
  }
}

/// A signing key in this process.
private final class SigningKey: Signer {
  private let key: Ed25519.PrivateKey
  var publicKey: Ed25519.PublicKey { key.publicKey }

  init() throws {
    let seed = SymmetricKey.random()
    key = try Ed25519.PrivateKey(seed: seed.bytes)
  }

  func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature { key.signature(for: message) }
}

/// `certified` and `registered`.
struct CertifiedProbe: SchemeProbe {
  let facts: SchemeFacts
  let scheme: SchemeID
  let parties: NoiseParties
  /// The server's registry, as far as a handshake asks it.
  let registry: [X25519.PublicKey: Generation]

  init(_ scheme: SchemeID, _ facts: SchemeFacts) throws {
    self.scheme = scheme
    self.facts = facts
    parties = try NoiseParties()
    registry = [parties.device.publicKey: 1]
  }

  func run(_ turns: inout Turns) throws {
    var frame = [UInt8](repeating: 0, count: 256)
    var bytes = frame.mutableBytes
    var deviceSending = CipherState<ChaChaPoly>()
    var deviceReceiving = CipherState<ChaChaPoly>()
    var serverSending = CipherState<ChaChaPoly>()
    var serverReceiving = CipherState<ChaChaPoly>()
    turns.turn(.device)
    var device = CertifiedHandshake(scheme: scheme)
    let hello = try device.writeHello(
      key: parties.device, certificate: parties.certificate, serverKey: parties.server.publicKey, into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    var server = CertifiedResponder()
    let claim = try server.readHello(bytes.bytes.extracting(0..<hello), key: parties.server)
    if let certificate = claim.certificate {
      guard certificate.isSigned(by: parties.issuerKey) else { throw SchemesError.authenticationFailed }
    } else {
      guard registry[claim.publicKey] != nil else { throw SchemesError.authenticationFailed }
    }
    let reply = try server.writeReply(into: &bytes, sending: &serverSending, receiving: &serverReceiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &deviceSending, receiving: &deviceReceiving)
    turns.end()
    try checkSession(&deviceSending, &serverReceiving)
  }

  func count(_ turns: inout Turns) throws {
    let payload = scheme == .certified ? Certificate.handshakeLength : 0
    let prologue = Prologue(scheme: scheme, serverKey: parties.server.publicKey)
    try CountedNoise(pattern: .IK, prologueLength: prologue.bytes.byteCount, firstPayload: payload)
      .run(device: parties.device, server: parties.server, &turns)
    if scheme == .certified {
      var verification = OperationCounts()
      verification.ed25519Verify = 1
      turns.add(verification, for: .server)
    }
  }

  func rotation() throws -> [SchemeProfile.Message]? { try parties.renewal() }
}

/// `compact-kk`.
struct CompactProbe: SchemeProbe {
  let facts: SchemeFacts
  let parties: NoiseParties
  let registry: [UInt16: [X25519.PublicKey]]

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    parties = try NoiseParties()
    registry = [CompactHandshake.hint(for: parties.device.publicKey): [parties.device.publicKey]]
  }

  func run(_ turns: inout Turns) throws {
    var frame = [UInt8](repeating: 0, count: 256)
    var bytes = frame.mutableBytes
    var deviceSending = CipherState<ChaChaPoly>()
    var deviceReceiving = CipherState<ChaChaPoly>()
    var serverSending = CipherState<ChaChaPoly>()
    var serverReceiving = CipherState<ChaChaPoly>()
    turns.turn(.device)
    var device = CompactHandshake(role: .initiator)
    let hello = try device.writeHello(key: parties.device, serverKey: parties.server.publicKey, into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    let hint = try CompactHandshake.hint(of: bytes.bytes.extracting(0..<hello))
    guard let candidate = registry[hint]?.first else { throw SchemesError.authenticationFailed }
    var server = CompactHandshake(role: .responder)
    try server.readHello(bytes.bytes.extracting(0..<hello), from: candidate, key: parties.server)
    let reply = try server.writeReply(into: &bytes, sending: &serverSending, receiving: &serverReceiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &deviceSending, receiving: &deviceReceiving)
    turns.end()
    try checkSession(&deviceSending, &serverReceiving)
  }

  func count(_ turns: inout Turns) throws {
    let prologue = Prologue(scheme: .compactKK, serverKey: parties.server.publicKey)
    try CountedNoise(pattern: .KK, prologueLength: prologue.bytes.byteCount)
      .run(device: parties.device, server: parties.server, &turns)
    // The hint is one compression.
    var hint = OperationCounts()
    hint.hashBlocks = 1
    turns.add(hint, for: .device)
  }

  func rotation() throws -> [SchemeProfile.Message]? { try parties.renewal() }
}

/// `hybrid-ikpsk2`.
struct HybridProbe: SchemeProbe {
  let facts: SchemeFacts
  let parties: NoiseParties

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    parties = try NoiseParties()
  }

  func run(_ turns: inout Turns) throws {
    var frame = [UInt8](repeating: 0, count: 256)
    var bytes = frame.mutableBytes
    var deviceSending = CipherState<ChaChaPoly>()
    var deviceReceiving = CipherState<ChaChaPoly>()
    var serverSending = CipherState<ChaChaPoly>()
    var serverReceiving = CipherState<ChaChaPoly>()
    // The server holds the system's key; what a handshake costs it is deriving the device's.
    var derived = SymmetricKey()
    DerivedKeys<SHA256>.device(DeviceID(5), generation: 1, system: parties.psk, into: &derived)
    turns.turn(.device)
    var device = try HybridHandshake(role: .initiator)
    let hello = try device.writeHello(
      key: parties.device, psk: derived, serverKey: parties.server.publicKey, into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    var server = try HybridHandshake(role: .responder)
    let claimed = try server.readHello(bytes.bytes.extracting(0..<hello), key: parties.server)
    guard claimed == parties.device.publicKey else { throw SchemesError.authenticationFailed }
    var psk = SymmetricKey()
    DerivedKeys<SHA256>.device(DeviceID(5), generation: 1, system: parties.psk, into: &psk)
    try server.setPSK(psk)
    let reply = try server.writeReply(into: &bytes, sending: &serverSending, receiving: &serverReceiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &deviceSending, receiving: &deviceReceiving)
    turns.end()
    try checkSession(&deviceSending, &serverReceiving)
  }

  func count(_ turns: inout Turns) throws {
    let prologue = Prologue(scheme: .hybridIKpsk2, serverKey: parties.server.publicKey)
    try CountedNoise(pattern: try .IK.psk(2), prologueLength: prologue.bytes.byteCount, psk: 2)
      .run(device: parties.device, server: parties.server, &turns)
  }

  func rotation() throws -> [SchemeProfile.Message]? {
    // The derived key goes with the certificate.
    try parties.renewal() + [try Rekeying.answer(.hybridIKpsk2)]
  }
}

/// `derived-key-ephemeral`.
struct EphemeralProbe: SchemeProbe {
  let facts: SchemeFacts
  let parties: NoiseParties

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    parties = try NoiseParties()
  }

  func run(_ turns: inout Turns) throws {
    var frame = [UInt8](repeating: 0, count: 256)
    var bytes = frame.mutableBytes
    var deviceSending = CipherState<ChaChaPoly>()
    var deviceReceiving = CipherState<ChaChaPoly>()
    var serverSending = CipherState<ChaChaPoly>()
    var serverReceiving = CipherState<ChaChaPoly>()
    var derived = SymmetricKey()
    DerivedKeys<SHA256>.device(DeviceID(5), generation: 1, system: parties.psk, into: &derived)
    let pseudonym = Pseudonym<SHA256>.make(for: parties.epoch, key: derived)
    let index = [EphemeralHandshake.hint(for: pseudonym): DeviceID(5)]
    turns.turn(.device)
    var device = try EphemeralHandshake(role: .initiator)
    let hello = try device.writeHello(
      key: derived, pseudonym: Pseudonym<SHA256>.make(for: parties.epoch, key: derived), into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    guard let id = index[try EphemeralHandshake.hint(of: bytes.bytes.extracting(0..<hello))] else {
      throw SchemesError.authenticationFailed
    }
    var key = SymmetricKey()
    DerivedKeys<SHA256>.device(id, generation: 1, system: parties.psk, into: &key)
    var server = try EphemeralHandshake(role: .responder)
    try server.readHello(bytes.bytes.extracting(0..<hello), key: key)
    let reply = try server.writeReply(into: &bytes, sending: &serverSending, receiving: &serverReceiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &deviceSending, receiving: &deviceReceiving)
    turns.end()
    try checkSession(&deviceSending, &serverReceiving)
  }

  func rotation() throws -> [SchemeProfile.Message]? { try Rekeying.messages(.derivedKeyEphemeral) }

  func count(_ turns: inout Turns) throws {
    turns.turn(.device)
    _ = Pseudonym<CountingHash>.make(for: parties.epoch, key: parties.psk)
    turns.end()
    let hint = [UInt8](repeating: 0, count: 1 + EphemeralHandshake.hintLength)
    let prologue = Prologue(scheme: .derivedKeyEphemeral, hint: hint.bytes)
    try CountedNoise(pattern: try .NN.psk(0), prologueLength: prologue.bytes.byteCount, psk: 0)
      .run(device: parties.device, server: parties.server, &turns)
  }
}
