// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Keyring
import Registry
import Relay
import Schemes

/// An attacker in the server's place: answers a device's first frame as well as its loot allows, and listens.
final class Impostor {
  private let attacker: Attacker
  private var keys = SessionKeys()
  /// The handshake under way, where a third message is to come.
  private var responder: Responder?
  /// Why the device could not be answered as the server would have.
  private(set) var handicap: String?

  init(_ attacker: Attacker) { self.attacker = attacker }

  /// The answer to a first frame. Without the right key it is noise of the right length.
  func answer(_ hello: [UInt8]) throws -> [UInt8] {
    let ring = try KeyRing(attacker)
    let scheme = attacker.facts.scheme
    do {
      guard scheme.row.exchange.isNoise else { return try answerSymmetric(hello, ring) }
      return scheme.row.hasKeyPair ? try answerUnderServerKey(hello, ring) : try answerUnderKeys(hello, ring)
    } catch {
      handicap = "\(error)"
      return .random(scheme.row.replyLength)
    }
  }

  /// Takes the handshake's third message.
  func take(last frame: [UInt8]) throws {
    var proof = ProofContext()
    _ = try responder?.readLast(frame.bytes, keys: &keys, proof: &proof)
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
    var first = SymmetricResponder<Hash.SHA256>()
    let counter = try first.readHello(hello.bytes).counter
    for key in try ring.candidates(for: attacker.facts.scheme, counter: counter) {
      var responder = SymmetricResponder<Hash.SHA256>()
      let claim = try responder.readHello(hello.bytes)
      do { try responder.verify(claim, key: try SecretBytes<32>(copying: key), lastCounter: nil) } catch {
        last = error
        continue
      }
      return try reply { try responder.writeReply(into: &$0, keys: &$1) }
    }
    throw last
  }

  /// A key of zeros is what a world without authentication uses.
  private func answerUnderKeys(_ hello: [UInt8], _ ring: KeyRing) throws -> [UInt8] {
    var last: any Error = LaboratoryError.nothingToShow
    for key in ring.symmetricKeys.map(\.key) + [[UInt8](repeating: 0, count: 32)] {
      var responder = Responder(attacker.facts.scheme)
      do {
        try responder.setPSK(try SecretBytes<32>(copying: key))
        _ = try responder.readHello(hello.bytes, key: try serverKey(ring))
      } catch {
        last = error
        continue
      }
      return try reply { try responder.writeReply(into: &$0, keys: &$1) }
    }
    throw last
  }

  private func answerUnderServerKey(_ hello: [UInt8], _ ring: KeyRing) throws -> [UInt8] {
    let (scheme, facts) = (attacker.facts.scheme, attacker.facts)
    var device: X25519.PublicKey?
    if scheme.row.hint == .keyHash {
      let hint = try RoutingHint.of(hello.bytes, scheme)
      device = facts.certificates.first { RoutingHint.of($0.publicKey) == hint }?.publicKey ?? X25519.PublicKey()
    }
    var responder = Responder(scheme)
    let claim = try responder.readHello(
      hello.bytes, key: try serverKey(ring), device: device, master: facts.masterKey)
    if scheme.row.hasKeyBeside {
      try responder.setPSK(try SecretBytes<32>(copying: try keyBeside(claim.publicKey)))
    }
    let answer = try reply { try responder.writeReply(into: &$0, keys: &$1) }
    if scheme.row.messageCount == 3 { self.responder = consume responder }
    return answer
  }

  /// The derived key of the device that the hello names; without the root there is nothing but a guess.
  private func keyBeside(_ device: X25519.PublicKey?) throws -> [UInt8] {
    let index = attacker.facts.certificates.firstIndex { $0.publicKey == device }
    if let root = attacker.loot.root, let index {
      return try Derivation.device(
        attacker.facts.devices[index], generation: 1,
        master: keyBytes(of: try Authority(root: root.bytes).derivationMaster))
    }
    if let memory = attacker.loot.memory { return memory.symmetricKey }
    handicap = "no psk"
    return .random(32)
  }
}

extension Attacker {
  /// Takes the server's place before one device; believed when the device says its text into it.
  func poseAsServer(before device: DeviceEnd, hello: [UInt8]? = nil, record: [UInt8], text: [UInt8]) throws -> Posing {
    let impostor = Impostor(self)
    let reply = try impostor.answer(try device.hello())
    do {
      try device.finish(reply) { try impostor.take(last: $0) }
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
