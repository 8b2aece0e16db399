// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Schemes
import Wire

// IdentityBenchmark ROUNDS

let clock = ContinuousClock()

func nanoseconds(_ body: () throws -> Void) rethrows -> Double {
  let elapsed = try clock.measure(body).components
  return Double(elapsed.seconds) * 1e9 + Double(elapsed.attoseconds) / 1e9
}

/// A number with three decimals, without Foundation.
func rounded(_ value: Double) -> String {
  let thousandths = Int(value * 1000 + 0.5)
  let fraction = String(thousandths % 1000)
  return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
}

func row(_ name: String, _ certificate: Int, _ credential: Int, _ unit: String) {
  let ratio = rounded(Double(credential) / Double(certificate))
  print("\(name): certificate \(certificate) \(unit), identity-based \(credential) \(unit), ratio \(ratio)")
}

/// The two in turn.
func time(_ name: String, _ rounds: Int, _ certificate: () throws -> Void, _ credential: () throws -> Void) rethrows {
  var first: [Double] = []
  var second: [Double] = []
  for _ in 0..<rounds {
    first.append(try nanoseconds(certificate))
    second.append(try nanoseconds(credential))
  }
  let medians = [first, second].map { Int($0.sorted()[rounds / 2]) }
  row(name, medians[0], medians[1], "ns")
}

func hello(_ identity: borrowing DeviceIdentity) throws -> [UInt8] {
  var link = ServerLink(scheme: identity.scheme)
  var frame = [UInt8](repeating: 0, count: 256)
  var span = frame.mutableBytes
  return Array(frame[..<(try link.writeHello(identity, into: &span))])
}

func relayed(_ identity: borrowing DeviceIdentity, to peer: Certificate) throws -> Int {
  var session = PeerSession(relayed: .initiator, peer: peer)
  try session.start(identity, other: peer.fields.address)
  var frame = [UInt8](repeating: 0, count: PeerSession.maximumHandshakeLength)
  var span = frame.mutableBytes
  return try session.writeHandshake(identity, into: &span)
}

func sealed(_ identity: borrowing DeviceIdentity, to peer: Certificate) throws -> Int {
  var message = [UInt8](repeating: 0, count: SealedMessage.overhead)
  var span = message.mutableBytes
  return try identity.seal(RawSpan(), id: MessageID(1), to: peer, into: &span)
}

let rounds = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 500 : 500
let parties = try Parties()
guard let certificate = parties.certified.certificate, let implicit = parties.identityBased.certificate,
  let credential = implicit.identityCredential
else { fatalError("both devices are made") }
let anchor = parties.issuer.signer.publicKey
let master = parties.master.publicKey

row("standing alone", certificate.encodedLength, IdentityCredential.encodedLength, "bytes")
row("first frame to the server", try hello(parties.certified).count, try hello(parties.identityBased).count, "bytes")
row(
  "first frame through the relay", try relayed(parties.certified, to: implicit),
  try relayed(parties.identityBased, to: certificate), "bytes")
row(
  "sealed message beyond its text", try sealed(parties.certified, to: implicit),
  try sealed(parties.identityBased, to: certificate), "bytes")

let deviceKey = X25519.PrivateKey.random().publicKey
var request = IdentityRequest()
request.generate()
let point = request.point
try time("issue", rounds, { _ = try parties.certificate(for: deviceKey) }, { _ = try parties.credential(for: point) })
try time(
  "make a key and take what was issued", rounds,
  {
    let key = X25519.PrivateKey.random()
    let made = try parties.certificate(for: key.publicKey)
    precondition(made.isSigned(by: anchor))
  },
  {
    var request = IdentityRequest()
    request.generate()
    var key = X25519.PrivateKey()
    try request.complete(try parties.credential(for: request.point), under: master, into: &key)
  })
try time(
  "check it and have the key", rounds, { precondition(certificate.isSigned(by: anchor)) },
  {
    let key = try credential.publicKey(under: master)
    precondition(key == implicit.publicKey)
  })
try time(
  "device's first frame", rounds, { _ = try hello(parties.certified) }, { _ = try hello(parties.identityBased) })
let hellos = (try hello(parties.certified), try hello(parties.identityBased))
try time(
  "server's whole part, device unknown", rounds, { try parties.serve(hellos.0) }, { try parties.serve(hellos.1) })
