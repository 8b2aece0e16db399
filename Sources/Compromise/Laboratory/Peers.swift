// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Keyring
import Noise
import Records
import Registry
import Schemes
import Wire

/// A device as its peers see it: a key, a certificate, and whom it trusts. Also what an attacker makes of keys that it can sign.
final class Peer {
  var identity = DeviceIdentity()

  init(
    _ address: DeviceAddress, _ facts: PublicFacts, certify: (X25519.PublicKey) throws -> Certificate,
    issue: (Bytes<32>) throws -> IssuedCredential
  ) throws {
    identity.create(
      address: address, anchor: facts.issuerKey, serverKey: facts.serverKey, epoch: facts.epoch,
      scheme: facts.scheme.row.shown == .credential ? .identityBased : .certified, master: facts.masterKey)
    if let request = identity.requestPoint {
      guard let answer = try issue(request).answer else { throw LaboratoryError.nothingToShow }
      try identity.install(answer)
    } else if let key = identity.renewalKey {
      try identity.install(try certify(key))
    }
  }

  /// A copy of a device's memory.
  init(copying other: Peer) throws {
    var content = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    var span = content.mutableBytes
    other.identity.encode(into: &span)
    try identity.load(content.bytes)
  }

  var certificate: Certificate {
    get throws {
      guard let certificate = identity.certificate else { throw LaboratoryError.nothingToShow }
      return certificate
    }
  }

  /// Opens a conversation with `other`, of whom the server says that it has `certificate`, and says `text`. Returns the frames
  /// that the relay carried, and what the other side read.
  func say(_ text: [UInt8], to other: Peer, certificate: Certificate) throws -> (frames: [[UInt8]], read: [UInt8]) {
    var mine = PeerSession(relayed: .initiator, peer: certificate)
    try mine.start(identity, other: certificate.fields.address)
    let first = try frame { try mine.writeHandshake(identity, into: &$0) }
    var theirs = PeerSession(answering: first.bytes)
    try theirs.start(other.identity, other: identity.address)
    try theirs.readHandshake(first.bytes, trust: other.identity.trust)
    let second = try frame { try theirs.writeHandshake(other.identity, into: &$0) }
    try mine.readHandshake(second.bytes, trust: identity.trust)
    var third = try frame { try mine.seal(.message(MessageID(1), text.bytes), into: &$0) }
    let frames = [first, second, third]
    var span = third.mutableBytes
    guard case .message(_, let body) = try theirs.open(&span) else { throw LaboratoryError.nothingToShow }
    return (frames, [UInt8](copying: body))
  }
}

extension World {
  /// A device of this fleet changes its key over the network, and uses the next one once.
  func rotate(_ peer: Peer) throws {
    let books = try books()
    guard let certificate = peer.identity.certificate else { throw LaboratoryError.nothingToShow }
    let claim = SessionClaim(
      address: peer.identity.address, generation: certificate.fields.generation, publicKey: certificate.publicKey)
    try peer.identity.beginRotation()
    if let request = peer.identity.requestPoint {
      guard case .granted(let answer) = try books.registry.issue(request: request, asked: claim, authority: authority)
      else { throw LaboratoryError.nothingToShow }
      try peer.identity.install(answer)
    } else if let key = peer.identity.renewalKey {
      guard
        case .granted(let next) = try books.registry.renew(key, proof: .valid, asked: claim, issuer: authority.issuer)
      else { throw LaboratoryError.nothingToShow }
      try peer.identity.install(next)
    }
    guard let slot = peer.identity.slotForSession() else { throw LaboratoryError.nothingToShow }
    peer.identity.confirmUse(of: slot)
    try books.registry.promotePending(
      try peer.certificate.publicKey, for: peer.identity.address, issuer: authority.issuer)
  }

  /// A device of this fleet, registered and certified by the owner as `device add` does it. Not one of the three, whose memory
  /// is the laboratory's.
  func peer(_ index: Int) throws -> Peer {
    let address = DeviceAddress(system: try books().system, device: DeviceID(World.names[index].rawValue << 8))
    return try Peer(address, publicFacts) {
      try books().add(address, $0)
    } issue: { request in
      let issued = try issue(address, request)
      try books().registry.record([issued], enrolAgain: false)
      return issued
    }
  }

  /// A device with a peer's name and a key of whoever has the use of the issuing key.
  func impostor(of peer: Peer) throws -> Peer {
    let address = peer.identity.address
    return try Peer(address, publicFacts) { key in
      try authority.issuer.certificate(
        for: key, system: address.system, device: address.device, generation: 1, lastEpoch: epoch + 8)
    } issue: {
      try issue(address, $0)
    }
  }

  /// A credential for generation 1, in no books.
  private func issue(_ address: DeviceAddress, _ request: Bytes<32>) throws -> IssuedCredential {
    let fields = authority.identityMaster.fields(for: address, generation: 1, lastEpoch: epoch + 8)
    return try IssuedCredential(fields, request: request, authority: authority)
  }
}
