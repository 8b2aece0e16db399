import Credentials
import Device
import Noise
import Primitives
import Schemes

/// `identity-based`: the server knows its master key and nothing of the device.
struct IdentityBasedProbe: SchemeProbe {
  /// The device's key and credential, and the server's keys.
  final class Parties {
    let master: MasterKey
    let server = X25519.PrivateKey.random()
    let device: X25519.PrivateKey
    let certificate: Certificate
    let epoch: Epoch = 3

    init() throws {
      let seed = SymmetricKey.random()
      master = try MasterKey(seed: seed.bytes)
      let address = DeviceAddress(system: SystemID(7), device: DeviceID(0x0102_0304_0506_0708))
      var key = X25519.PrivateKey()
      let credential = try master.issueInjected(
        master.fields(for: address, generation: 1, lastEpoch: 9), into: &key)
      certificate = Certificate(credential, publicKey: key.publicKey)
      device = key
    }
  }

  let facts: SchemeFacts
  let parties: Parties

  init(_ facts: SchemeFacts) throws {
    self.facts = facts
    parties = try Parties()
  }

  func run(_ turns: inout Turns) throws {
    var ends = ProbeEnds()
    var frame = ProbeEnds.frame()
    var bytes = frame.mutableBytes
    turns.turn(.device)
    var device = CertifiedHandshake(scheme: .identityBased)
    let hello = try device.writeHello(
      key: parties.device, certificate: parties.certificate, serverKey: parties.server.publicKey,
      master: parties.master.publicKey, into: &bytes)
    turns.sent(hello)
    turns.turn(.server)
    var server = CertifiedResponder()
    let claim = try server.readHello(
      bytes.bytes.extracting(0..<hello), key: parties.server, master: parties.master.publicKey)
    guard claim.certificate == parties.certificate else { throw SchemesError.authenticationFailed }
    let reply = try server.writeReply(
      into: &bytes, sending: &ends.server.sending, receiving: &ends.server.receiving)
    turns.sent(reply)
    turns.turn(.device)
    try device.readReply(
      bytes.bytes.extracting(0..<reply), sending: &ends.device.sending, receiving: &ends.device.receiving)
    turns.end()
    try ends.check()
  }

  /// The server's computing of the device's key is in its measured time; no operation that is counted stands for it.
  func count(_ turns: inout Turns) throws {
    let prologue = Prologue(
      scheme: .identityBased, serverKey: parties.server.publicKey, master: parties.master.publicKey)
    var credential = [UInt8](repeating: 0, count: IdentityCredential.encodedLength)
    var target = credential.mutableBytes
    parties.certificate.encodeForHandshake(into: &target)
    try CountedNoise(
      pattern: .IK.implicit(credentialLength: credential.count), prologueLength: prologue.bytes.byteCount,
      credential: credential
    ).run(device: parties.device, server: parties.server, &turns)
  }

  /// `request` and its answer, as sealed records.
  func rotation() throws -> [SchemeProfile.Message]? {
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    var next = IdentityRequest()
    next.generate()
    let fields = parties.certificate.fields
    let answer = try parties.master.issueBlinded(
      parties.master.fields(for: fields.address, generation: 2, lastEpoch: fields.lastEpoch), request: next.point)
    let request = DeviceRecord.request(next.point).encode(into: &bytes) + tagLength
    let response = ServerRecord.credential(answer).encode(into: &bytes) + tagLength
    return [.init(sender: .device, bytes: Double(request)), .init(sender: .server, bytes: Double(response))]
  }
}
