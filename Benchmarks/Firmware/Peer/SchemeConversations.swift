// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Schemes

/// The schemes with a Noise handshake.
final class NoiseConversation: ServerConversation {
  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    let row = scheme.row
    var responder = Responder(scheme)
    if row.hint != .none {
      let pseudonym = Pseudonym<Hash.SHA256>.make(for: Fleet.epoch, key: symmetricKey)
      let expected = row.hasKeyPair ? RoutingHint.of(deviceKey) : RoutingHint.of(pseudonym)
      guard try RoutingHint.of(frame.bytes, scheme) == expected else { throw Refusal.wrongPeer }
    }
    if row.usesPSK { try responder.setPSK(symmetricKey) }
    let claim = try responder.readHello(
      frame.bytes, key: fleet.serverKey, device: row.hint == .keyHash ? deviceKey : nil, master: fleet.master)
    guard claim.publicKey == (row.hasKeyPair ? deviceKey : nil) else { throw Refusal.wrongPeer }
    if row.shown == .certificate {
      guard let shown = claim.certificate, shown.isSigned(by: fleet.issuer.signer.publicKey) else {
        throw Refusal.wrongPeer
      }
    }
    var reply = [UInt8](repeating: 0, count: row.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, keys: &keys)
    return reply
  }
}

/// `shared-key`, `derived-key`, `derived-key-ratchet`.
final class SymmetricConversation: ServerConversation {
  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    var responder = SymmetricResponder<Hash.SHA256>()
    let claim = try responder.readHello(frame.bytes)
    guard claim.scheme == scheme, claim.counter == 1 else { throw Refusal.wrongContent }
    var key = SecretBytes<32>()
    key.copy(from: bytes(of: symmetricKey).bytes)
    if scheme.row.hint != .address {
      let pseudonym = Pseudonym<Hash.SHA256>.make(for: Fleet.epoch, key: key)
      for index in 0..<8 where claim.hint[index] != pseudonym[index] { throw Refusal.wrongPeer }
    }
    if scheme.row.derivation == .ratchet { DerivedKeys<Hash.SHA256>.ratchet(&key) }
    try responder.verify(claim, key: key, lastCounter: 0)
    var reply = [UInt8](repeating: 0, count: scheme.row.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, keys: &keys)
    return reply
  }
}
