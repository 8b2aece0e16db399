// SPDX-License-Identifier: Apache-2.0

import Schemes
import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Wire

/// The keys that follow from an attacker's loot.
struct KeyRing {
  /// Private halves by their public ones.
  private(set) var privateKeys: [X25519.PublicKey: [UInt8]] = [:]
  /// Symmetric keys, each with the ratchet's step at which it stands; nil where that is not known.
  private(set) var symmetricKeys: [(key: [UInt8], step: UInt32?)] = []

  init(_ attacker: Attacker) throws {
    let loot = attacker.loot
    privateKeys = loot.privateKeys
    if let memory = loot.memory {
      if !memory.symmetricKey.isEmpty { symmetricKeys.append((memory.symmetricKey, memory.counter)) }
      try add(memory.privateKey)
      try add(memory.ephemeralKey)
    }
    if let staticKey = loot.staticKey { try add(staticKey) }
    if let root = loot.root {
      let authority = try Authority(root: root.bytes)
      try add(keyBytes(of: authority.serverKey))
      let master = keyBytes(of: authority.derivationMaster)
      for device in attacker.facts.devices {
        symmetricKeys.append((try Derivation.shared(device.system, master: master), 0))
        for generation: Generation in 1...3 {
          symmetricKeys.append((try Derivation.device(device, generation: generation, master: master), 0))
        }
      }
    }
    for device in attacker.facts.devices {
      symmetricKeys += try Self.served(device, attacker).map { ($0.key, $0.step) }
    }
    // Whoever may sign tries what a factory might have made of the key.
    if let issuer = loot.issuer {
      for device in attacker.facts.devices {
        try add(try FactorySeed.privateKey(of: device, issuer))
        try add(try FactorySeed.ephemeral(of: device, issuer))
      }
    }
    // Whoever may issue tries what it would have handed out in escrow.
    if attacker.facts.scheme.row.shown == .credential, let master = try attacker.masterKey() {
      for certificate in attacker.facts.certificates { try add(try master.computeAgain(certificate.fields)) }
    }
    if loot.root == nil, let registry = loot.registry { try addEveryWindow(of: registry, attacker.facts) }
  }

  /// With root and registry together: the keys that the server itself would compute for a device.
  static func served(_ device: DeviceAddress, _ attacker: Attacker) throws -> [(key: [UInt8], step: UInt32)] {
    guard let root = attacker.loot.root, let file = attacker.loot.registry, !attacker.facts.scheme.row.hasKeyPair else {
      return []
    }
    let path = NSTemporaryDirectory() + "/countersign-loot-\(UUID().uuidString).sqlite"
    defer { for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) } }
    try Data(file).write(to: URL(filePath: path))
    let registry = try SQLiteRegistry(path: path, actor: "thief")
    defer { try? registry.close() }
    guard let row = try registry.symmetricDevice(device) else { return [] }
    let authority = try Authority(root: root.bytes)
    return try [row.current, row.pending].compactMap { $0 }.map { credential in
      var key = SecretBytes<32>()
      let step = credential == row.current ? row.counter : 0
      try authority.deriveKey(credential, of: device, step: step, into: &key)
      return ([UInt8](copying: key.bytes), step)
    }
  }

  private mutating func add(_ privateKey: [UInt8]) throws {
    guard privateKey.count == 32 else { return }
    privateKeys[try Derivation.publicKey(privateKey)] = privateKey
  }

  /// Takes any 32 bytes in a row of a stolen file for a key: as a private one when it fits a public key that is known, and as
  /// a symmetric one in any case. Runs of zeros are no keys.
  private mutating func addEveryWindow(of file: [UInt8], _ facts: PublicFacts) throws {
    let known = Set(facts.certificates.map(\.publicKey) + [facts.serverKey])
    var zeros = 0
    for index in file.indices {
      zeros = file[index] == 0 ? zeros + 1 : 0
      guard index >= 31, zeros < 4 else { continue }
      let window = Array(file[index - 31...index])
      guard Set(window).count > 20, window.filter({ $0 < 0x80 && $0 >= 0x20 }).count < 30 else { continue }
      symmetricKeys.append((window, nil))
      if facts.scheme.row.hasKeyPair, known.contains(try Derivation.publicKey(window)) { try add(window) }
    }
  }

  /// The keys that a session with this counter may have had: of a ratchet those that lie ahead, for there is no way back.
  func candidates(for scheme: SchemeID, counter: UInt32) throws -> [[UInt8]] {
    guard scheme.row.derivation == .ratchet else { return symmetricKeys.map(\.key) }
    return try symmetricKeys.flatMap { candidate -> [[UInt8]] in
      guard let step = candidate.step else {
        return try (0...3).map { try Derivation.ratchet(candidate.key, steps: $0) }
      }
      guard counter >= step, counter - step < 64 else { return [] }
      return [try Derivation.ratchet(candidate.key, steps: counter - step)]
    }
  }

  /// DH(a, b), where either private half is in hand.
  func shared(_ a: X25519.PublicKey, _ b: X25519.PublicKey) -> [UInt8]? {
    guard let (key, peer) = privateKeys[a].map({ ($0, b) }) ?? privateKeys[b].map({ ($0, a) }) else { return nil }
    var secret = SecretBytes<32>()
    guard let key = try? X25519.PrivateKey(copying: key), (try? key.agree(with: peer, into: &secret)) != nil else {
      return nil
    }
    return [UInt8](copying: secret.bytes)
  }
}

extension KeyRing {
  /// A ring for keys that an attacker makes itself.
  static var empty: KeyRing { KeyRing() }

  private init() {}

  mutating func insert(_ privateKey: [UInt8]) { try? add(privateKey) }
}
