import Credentials
import Device
import Noise
import Primitives
import Schemes

/// `hybrid-ikpsk2`.
struct HybridProbe: SchemeProbe {
  let facts: SchemeFacts
  let parties: NoiseParties

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    parties = try NoiseParties()
  }

  func run(_ turns: inout Turns) throws {
    var ends = ProbeEnds()
    var frame = ProbeEnds.frame()
    var bytes = frame.mutableBytes
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
    let prologue = Prologue(scheme: .hybridIKpsk2, serverKey: parties.server.publicKey)
    try CountedNoise(pattern: try .IK.psk(2), prologueLength: prologue.bytes.byteCount, psk: 2)
      .run(device: parties.device, server: parties.server, &turns)
  }

  func rotation() throws -> [SchemeProfile.Message]? {
    // The derived key goes with the certificate.
    try parties.renewal() + [try Rekeying.answer(.hybridIKpsk2)]
  }
}
