import Credentials
import Device
import Noise
import Primitives
import Schemes

/// `compact-kk`.
final class CompactConversation: ServerConversation {
  private var responder = CompactHandshake(role: .responder)

  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    guard try CompactHandshake.hint(of: frame.bytes) == CompactHandshake.hint(for: deviceKey) else {
      throw Refusal.wrongPeer
    }
    try responder.readHello(frame.bytes, from: deviceKey, key: fleet.serverKey)
    var reply = [UInt8](repeating: 0, count: CompactHandshake.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, sending: &sending, receiving: &receiving)
    return reply
  }
}

/// `hybrid-ikpsk2`.
final class HybridConversation: ServerConversation {
  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    var responder = try HybridHandshake(role: .responder)
    guard try responder.readHello(frame.bytes, key: fleet.serverKey) == deviceKey else { throw Refusal.wrongPeer }
    try responder.setPSK(symmetricKey)
    var reply = [UInt8](repeating: 0, count: HybridHandshake.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, sending: &sending, receiving: &receiving)
    return reply
  }
}

/// `derived-key-ephemeral`.
final class EphemeralConversation: ServerConversation {
  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    let pseudonym = Pseudonym<SHA256>.make(for: Fleet.epoch, key: symmetricKey)
    guard try EphemeralHandshake.hint(of: frame.bytes) == EphemeralHandshake.hint(for: pseudonym) else {
      throw Refusal.wrongPeer
    }
    var responder = try EphemeralHandshake(role: .responder)
    try responder.readHello(frame.bytes, key: symmetricKey)
    var reply = [UInt8](repeating: 0, count: EphemeralHandshake.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, sending: &sending, receiving: &receiving)
    return reply
  }
}

/// `shared-key`, `derived-key`, `derived-key-ratchet`.
final class SymmetricConversation: ServerConversation {
  override func answer(hello frame: [UInt8]) throws -> [UInt8] {
    var responder = SymmetricResponder<SHA256>()
    let claim = try responder.readHello(frame.bytes)
    guard claim.scheme == scheme, claim.counter == 1 else { throw Refusal.wrongContent }
    var key = SymmetricKey()
    key.copy(from: bytes(of: symmetricKey).bytes)
    if scheme != .sharedKey {
      let pseudonym = Pseudonym<SHA256>.make(for: Fleet.epoch, key: key)
      for index in 0..<8 where claim.hint[index] != pseudonym[index] { throw Refusal.wrongPeer }
    }
    if scheme == .derivedKeyRatchet { DerivedKeys<SHA256>.ratchet(&key) }
    try responder.verify(claim, key: key, lastCounter: 0)
    var reply = [UInt8](repeating: 0, count: SymmetricHandshake<SHA256>.replyLength)
    var target = reply.mutableBytes
    _ = try responder.writeReply(into: &target, sending: &sending, receiving: &receiving)
    return reply
  }
}
