// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Wire

/// A server, and one device of each kind.
final class Parties {
  final class Key: Signer {
    private let key: Ed25519.PrivateKey

    init() throws {
      let seed = SecretBytes<32>.random()
      key = try Ed25519.PrivateKey(seed: seed.bytes)
    }

    var publicKey: Ed25519.PublicKey { key.publicKey }
    func signature(for message: RawSpan) -> Ed25519.Signature { key.signature(for: message) }
  }

  let issuer: Issuer<Key>
  let master: MasterKey
  let serverKey = X25519.PrivateKey.random()
  var certified = DeviceIdentity()
  var identityBased = DeviceIdentity()

  init() throws {
    issuer = Issuer(try Key())
    let seed = SecretBytes<32>.random()
    master = try MasterKey(seed: seed.bytes)
    certified.create(
      address: address(1), anchor: issuer.signer.publicKey, serverKey: serverKey.publicKey, epoch: 1,
      master: master.publicKey)
    guard let key = certified.renewalKey else { fatalError("a new device has a key") }
    try certified.install(try certificate(for: key))
    identityBased.create(
      address: address(2), anchor: issuer.signer.publicKey, serverKey: serverKey.publicKey, epoch: 1,
      scheme: .identityBased, master: master.publicKey)
    guard let request = identityBased.requestPoint else { fatalError("a new device has a request") }
    try identityBased.install(try credential(for: request))
  }

  func address(_ id: UInt64) -> DeviceAddress { DeviceAddress(system: SystemID(1), device: DeviceID(id)) }

  func certificate(for key: X25519.PublicKey) throws -> Certificate {
    try issuer.certificate(for: key, system: SystemID(1), device: DeviceID(1), generation: 1, lastEpoch: 9)
  }

  func credential(for request: Bytes<32>) throws -> BlindedCredential {
    try master.issueBlinded(master.fields(for: address(2), generation: 1, lastEpoch: 9), request: request)
  }

  /// The server's part of a handshake with a device that it knows nothing of: reading, checking, answering.
  func serve(_ hello: [UInt8]) throws {
    var responder = try Responder(answering: hello.bytes)
    let claim = try responder.readHello(hello.bytes, key: serverKey, master: master.publicKey)
    if responder.scheme.row.shown == .certificate {
      guard claim.certificate?.isSigned(by: issuer.signer.publicKey) == true else {
        throw SchemesError.authenticationFailed
      }
    }
    var reply = Bytes<48>()
    var target = reply.mutableBytes
    var keys = SessionKeys()
    _ = try responder.writeReply(into: &target, keys: &keys)
  }
}
