import Credentials
import Device
import Noise
import Primitives
import Schemes

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
    var ends = ProbeEnds()
    var frame = ProbeEnds.frame()
    var bytes = frame.mutableBytes
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
    let reply = try server.writeReply(
      into: &bytes, sending: &ends.server.sending, receiving: &ends.server.receiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &ends.device.sending, receiving: &ends.device.receiving)
    turns.end()
    try ends.check()
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
