// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Schemes
import Wire

/// The credential and the evidence of a second one: what parses is encoded back to the same bytes, and leads to a key or to none.
func fuzzIdentityCredential(_ input: RawSpan) {
  if let credential = try? IdentityCredential(decoding: input) {
    var bytes = [UInt8](repeating: 0, count: IdentityCredential.encodedLength)
    var target = bytes.mutableBytes
    credential.encode(into: &target)
    require(bytes == [UInt8](copying: input), "a credential encodes back as it was")
  }
  if let evidence = try? MisissuanceEvidence(decoding: input) {
    var bytes = [UInt8](repeating: 0, count: MisissuanceEvidence.encodedLength)
    var target = bytes.mutableBytes
    evidence.encode(into: &target)
    require(bytes == [UInt8](copying: input), "evidence encodes back as it was")
    require(evidence.first != evidence.second, "evidence is of two credentials")
  }
  // Most points are refused: the fields are genuine, so that this is what is tried.
  var rest = Input(input)
  guard let point = try? Bytes<32>(copying: rest.take(32)) else { return }
  let fields = Issuing.answer.credential.fields
  for issuance in IdentityCredential.Issuance.allCases {
    let credential = IdentityCredential(fields: fields, issuance: issuance, point: point)
    guard let key = try? credential.publicKey(under: Issuing.master.publicKey) else { continue }
    require(key != X25519.PublicKey(), "a credential leads to a key that can be used")
  }
}

/// Any bytes as a device's point: refused, or answered with a credential that leads to a key.
func fuzzIdentityRequest(_ input: RawSpan) {
  var rest = Input(input)
  var bytes = rest.take(32)
  // Half of the inputs are the genuine point with some of its bits turned.
  if rest.byte() & 1 != 0 { bytes = zip(bytes, [UInt8](copying: Issuing.point.bytes)).map { $0 ^ $1 } }
  guard let request = try? Bytes<32>(copying: bytes),
    let answer = try? Issuing.master.issueBlinded(Issuing.answer.credential.fields, request: request)
  else { return }
  let isPoint = (try? Edwards25519.Point(decoding: request)) != nil
  require(isPoint, "only a point of the group is answered")
  let key = try? answer.credential.publicKey(under: Issuing.master.publicKey)
  require(key != nil, "what is issued leads to a key")
}

/// The issuer's answer, altered: the device takes no key but the credential's, and else keeps what it had.
func fuzzIdentityAnswer(_ input: RawSpan) {
  if let answer = try? BlindedCredential(decoding: input) {
    var bytes = [UInt8](repeating: 0, count: BlindedCredential.encodedLength)
    var target = bytes.mutableBytes
    answer.encode(into: &target)
    require(bytes == [UInt8](copying: input), "an answer encodes back as it was")
  }
  var rest = Input(input)
  var bytes = [UInt8](repeating: 0, count: BlindedCredential.encodedLength)
  var target = bytes.mutableBytes
  Issuing.answer.encode(into: &target)
  let genuine = bytes
  overlay(&rest, on: &bytes)
  guard let answer = try? BlindedCredential(decoding: bytes.bytes) else { return }
  var key = X25519.PrivateKey()
  do {
    try Issuing.request.complete(answer, under: Issuing.master.publicKey, into: &key)
    let isItsKey = (try? answer.credential.publicKey(under: Issuing.master.publicKey)) == key.publicKey
    require(isItsKey, "the key taken is the credential's")
  } catch {
    let isUntouched = key.publicKey == X25519.PublicKey()
    require(isUntouched, "a refused answer leaves the key as it was")
    require(bytes != genuine, "the genuine answer is taken")
  }
}

/// First frames of `identity-based`: any bytes, the genuine frame altered, and a frame that is made properly around a credential of
/// any bytes; the last to the server and to another device. No key is had that way.
func fuzzIdentityHello(_ input: RawSpan) {
  var rest = Input(input)
  let choice = rest.byte()
  var responder = Responder(.identityBased)
  if choice & 3 == 0 {
    let bytes = [SchemeID.identityBased.rawValue] + rest.takeRest()
    let claim = try? responder.readHello(bytes.bytes, key: Keys.responder, master: Issuing.master.publicKey)
    require(claim == nil, "noise is no first frame")
    return
  }
  var credential = [UInt8](repeating: 0, count: IdentityCredential.encodedLength)
  var target = credential.mutableBytes
  Issuing.answer.credential.encode(into: &target)
  let genuine = credential
  let isInside = choice & 1 != 0
  if isInside { overlay(&rest, on: &credential) }
  let prologue = Prologue(
    scheme: .identityBased, serverKey: Keys.responder.publicKey, master: Issuing.master.publicKey)
  var noise = HandshakeState<Cipher.ChaChaPoly, Hash.SHA256>(
    .IK.implicit(credentialLength: IdentityCredential.encodedLength), role: .initiator)
  var frame = [UInt8](repeating: 0, count: 117)
  do {
    noise.setStatic(Issuing.key)
    noise.setRemoteStatic(Keys.responder.publicKey)
    try noise.start(prologue: prologue.bytes)
    frame[0] = SchemeID.identityBased.rawValue
    var span = frame.mutableBytes
    var message = span.suffix(from: 1)
    _ = try noise.writeMessage(payloadLength: 0, credential: credential.bytes, into: &message) { _ in }
  } catch { fatalError("a first frame is written") }
  let written = frame
  if !isInside { overlay(&rest, on: &frame) }
  let isGenuine = isInside ? credential == genuine : frame == written
  let claim = try? responder.readHello(frame.bytes, key: Keys.responder, master: Issuing.master.publicKey)
  require((claim != nil) == isGenuine, "the genuine first frame is read, and no other")
}

/// A device's file, altered behind a checksum that is right: refused, or loaded into what can be written and loaded again.
func fuzzDeviceFile(_ input: RawSpan) {
  var rest = Input(input)
  var file = Issuing.file
  let isOld = rest.byte() & 7 == 0
  if isOld {
    file.removeSubrange((file.count - 64)..<(file.count - 32))
    file[4] = 1
  }
  if rest.byte() & 15 == 0 { file.removeLast(min(file.count, Int(rest.byte()))) }
  guard file.count > 32 else { return }
  // Bytes to alter, each with its place.
  while rest.rest.byteCount > 0 {
    let place = (Int(rest.byte()) << 8 | Int(rest.byte())) % (file.count - 32)
    file[place] ^= rest.byte()
  }
  let body = Array(file.dropLast(32))
  var digest = [UInt8](repeating: 0, count: 32)
  var target = digest.mutableBytes
  Hash.SHA256.hash(body.bytes, into: &target)
  let altered = body + digest
  var identity = DeviceIdentity()
  do { try identity.load(altered.bytes) } catch {
    let isEmpty = identity.slotA.state == .empty && identity.slotB.state == .empty
    require(isEmpty, "a refused file leaves no key")
    return
  }
  var written = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
  var span = written.mutableBytes
  identity.encode(into: &span)
  var again = DeviceIdentity()
  let isLoaded = (try? again.load(written.bytes)) != nil
  require(isLoaded, "what was written loads")
  var rewritten = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
  var second = rewritten.mutableBytes
  again.encode(into: &second)
  require(rewritten == written, "what was loaded is written back as it was")
}

/// Lays the rest of the input over bytes, from a place that it chooses.
private func overlay(_ input: inout Input, on bytes: inout [UInt8]) {
  let start = Int(input.byte()) % bytes.count
  for (index, byte) in input.takeRest().enumerated() where start + index < bytes.count { bytes[start + index] ^= byte }
}

/// One issuance, made once.
private enum Issuing {
  static let master = { try! MasterKey(seed: Keys.psk.bytes) }()
  static let address = DeviceAddress(system: SystemID(1), device: DeviceID(7))
  static let request = {
    var request = IdentityRequest()
    request.generate()
    return request
  }()
  static let point = request.point
  static let answer = try! master.issueBlinded(
    master.fields(for: address, generation: 1, lastEpoch: 9), request: point)
  static let key = {
    var key = X25519.PrivateKey()
    try! request.complete(answer, under: master.publicKey, into: &key)
    return key
  }()
  /// The file of a device in the midst of a rotation: a key in use, and a request under way.
  static let file = {
    var identity = DeviceIdentity()
    identity.create(
      address: address, anchor: Bytes(), serverKey: Keys.responder.publicKey, epoch: 1, scheme: .identityBased,
      master: master.publicKey)
    let fields = master.fields(for: address, generation: 1, lastEpoch: 9)
    try! identity.install(try! master.issueBlinded(fields, request: identity.requestPoint!))
    try! identity.beginRotation()
    var bytes = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    var span = bytes.mutableBytes
    identity.encode(into: &span)
    return bytes
  }()
}
