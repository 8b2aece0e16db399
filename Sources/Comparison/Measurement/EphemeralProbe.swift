import Credentials
import Device
import Noise
import Primitives
import Schemes

/// `derived-key-ephemeral`.
struct EphemeralProbe: SchemeProbe {
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
    let reply = try server.writeReply(
      into: &bytes, sending: &ends.server.sending, receiving: &ends.server.receiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &ends.device.sending, receiving: &ends.device.receiving)
    turns.end()
    try ends.check()
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
