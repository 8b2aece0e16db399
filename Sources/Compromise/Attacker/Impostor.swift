import Credentials
import Device
import Noise
import Primitives
import Registry
import Relay
import Schemes

/// An attacker in the server's place: answers a device's first frame as well as its loot allows, and listens.
final class Impostor {
  private let attacker: Attacker
  private var keys = SessionKeys()
  /// Why the device could not be answered as the server would have.
  private(set) var handicap: String?

  init(_ attacker: Attacker) { self.attacker = attacker }

  /// The answer to a first frame. Without the right key it is noise of the right length.
  func answer(_ hello: [UInt8]) throws -> [UInt8] {
    let ring = try KeyRing(attacker)
    let scheme = attacker.facts.scheme
    do {
      switch scheme {
      case .sharedKey, .derivedKey, .derivedKeyRatchet: return try answerSymmetric(hello, ring)
      case .derivedKeyEphemeral: return try answerEphemeral(hello, ring)
      case .certified, .registered, .identityBased:
        var responder = CertifiedResponder()
        _ = try responder.readHello(hello.bytes, key: try serverKey(ring), master: attacker.facts.masterKey)
        return try reply { try responder.writeReply(into: &$0, sending: &$1.sending, receiving: &$1.receiving) }
      case .compactKK:
        var responder = CompactHandshake(role: .responder)
        let hint = try CompactHandshake.hint(of: hello.bytes)
        let device = attacker.facts.certificates.first { CompactHandshake.hint(for: $0.publicKey) == hint }
        try responder.readHello(hello.bytes, from: device?.publicKey ?? X25519.PublicKey(), key: try serverKey(ring))
        return try reply { try responder.writeReply(into: &$0, sending: &$1.sending, receiving: &$1.receiving) }
      case .hybridIKpsk2: return try answerHybrid(hello, ring)
      }
    } catch {
      handicap = "\(error)"
      return .random(scheme.hasEphemerals ? 48 : SymmetricHandshake<SHA256>.replyLength)
    }
  }

  func open(_ frame: [UInt8]) throws -> [UInt8] { try keys.receiving.decrypt(frame) }
  func seal(_ record: [UInt8]) throws -> [UInt8] { try keys.sending.encrypt(record) }

  private func reply(_ write: (inout MutableRawSpan, inout SessionKeys) throws -> Int) rethrows -> [UInt8] {
    try frame { try write(&$0, &keys) }
  }

  /// The server's static key, or one of the attacker's own where it has not got it.
  private func serverKey(_ ring: KeyRing) throws -> X25519.PrivateKey {
    try X25519.PrivateKey(copying: ring.privateKeys[attacker.facts.serverKey] ?? .random(32))
  }

  private func answerSymmetric(_ hello: [UInt8], _ ring: KeyRing) throws -> [UInt8] {
    var last: any Error = LaboratoryError.nothingToShow
    var first = SymmetricResponder<SHA256>()
    let counter = try first.readHello(hello.bytes).counter
    for key in try ring.candidates(for: attacker.facts.scheme, counter: counter) {
      var responder = SymmetricResponder<SHA256>()
      let claim = try responder.readHello(hello.bytes)
      do { try responder.verify(claim, key: try SymmetricKey(copying: key), lastCounter: nil) } catch {
        last = error
        continue
      }
      return try reply { try responder.writeReply(into: &$0, sending: &$1.sending, receiving: &$1.receiving) }
    }
    throw last
  }

  /// A key of zeros is what a world without authentication uses.
  private func answerEphemeral(_ hello: [UInt8], _ ring: KeyRing) throws -> [UInt8] {
    var last: any Error = LaboratoryError.nothingToShow
    for key in ring.symmetricKeys.map(\.key) + [[UInt8](repeating: 0, count: 32)] {
      var responder = try EphemeralHandshake(role: .responder)
      do { try responder.readHello(hello.bytes, key: try SymmetricKey(copying: key)) } catch {
        last = error
        continue
      }
      return try reply { try responder.writeReply(into: &$0, sending: &$1.sending, receiving: &$1.receiving) }
    }
    throw last
  }

  private func answerHybrid(_ hello: [UInt8], _ ring: KeyRing) throws -> [UInt8] {
    var responder = try HybridHandshake(role: .responder)
    let device = try responder.readHello(hello.bytes, key: try serverKey(ring))
    // The psk of the device that the hello names; without the root there is nothing but a guess.
    let index = attacker.facts.certificates.firstIndex { $0.publicKey == device }
    var psk = [UInt8].random(32)
    if let root = attacker.loot.root, let index {
      psk = try Derivation.device(
        attacker.facts.devices[index], generation: 1,
        master: keyBytes(of: try Authority(root: root.bytes).derivationMaster))
    } else if let memory = attacker.loot.memory {
      psk = memory.symmetricKey
    } else {
      handicap = "no psk"
    }
    try responder.setPSK(try SymmetricKey(copying: psk))
    return try reply { try responder.writeReply(into: &$0, sending: &$1.sending, receiving: &$1.receiving) }
  }
}

extension Attacker {
  /// Takes the server's place before one device; believed when the device says its text into it.
  func poseAsServer(before device: Client, hello: [UInt8]? = nil, record: [UInt8], text: [UInt8]) throws -> Posing {
    let impostor = Impostor(self)
    let reply = try impostor.answer(try device.hello())
    do {
      try device.finish(reply)
      let opened = try impostor.open(try device.seal(record))
      return Posing(
        isBelieved: opened.contains(sequence: text),
        evidence: "the device finished the handshake and said \(opened.printable)")
    } catch {
      let handicap = impostor.handicap.map { "; the attacker met: \($0)" } ?? ""
      return Posing(isBelieved: false, evidence: "the device refused answer \(reply.digest): \(error)\(handicap)")
    }
  }
}
