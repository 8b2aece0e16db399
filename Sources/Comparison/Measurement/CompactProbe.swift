import Credentials
import Device
import Noise
import Primitives
import Schemes

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
    var ends = ProbeEnds()
    var frame = ProbeEnds.frame()
    var bytes = frame.mutableBytes
    turns.turn(.device)
    var device = CompactHandshake(role: .initiator)
    let hello = try device.writeHello(key: parties.device, serverKey: parties.server.publicKey, into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    let hint = try CompactHandshake.hint(of: bytes.bytes.extracting(0..<hello))
    guard let candidate = registry[hint]?.first else { throw SchemesError.authenticationFailed }
    var server = CompactHandshake(role: .responder)
    try server.readHello(bytes.bytes.extracting(0..<hello), from: candidate, key: parties.server)
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
