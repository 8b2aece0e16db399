// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Keyring
import Records
import Registry
import Schemes
import Wire

/// What came of posing as somebody.
struct Posing {
  let isBelieved: Bool
  let evidence: String
}

extension Attacker {
  static let lie: [UInt8] = Array("open all valves".utf8)

  /// Opens a session with the server as `victim`, with everything that the loot could make such a device of.
  ///
  /// - Parameter recorded: a hello of the victim's, whose pseudonym may be used again within the epoch.
  func pose(as victim: DeviceAddress, under recorded: [UInt8]? = nil, at gate: any Gate) throws -> Posing {
    var evidence: [String] = []
    for (origin, memory) in try disguises(of: victim) {
      var memory = memory
      let line = gate.connect()
      do {
        let client =
          try recorded.map { try begin(&memory, under: $0) }
          ?? DeviceEnd.begin(&memory, epoch: loot.memory?.epoch ?? facts.epoch)
        let believed = try say(Self.lie, as: client, on: line)
        if believed.contains(HeardText(device: victim, text: Self.lie)) {
          return Posing(
            isBelieved: true, evidence: "\(origin): the server has from \(victim.words): \"\(Self.lie.text)\"")
        }
        evidence.append("\(origin): \(line.refusal ?? "let in as another, or not believed")")
      } catch {
        evidence.append("\(origin): \(line.refusal ?? "\(error)")")
      }
    }
    if evidence.isEmpty { evidence = ["nothing to pose with"] }
    return Posing(isBelieved: false, evidence: Array(Set(evidence)).sorted().prefix(6).joined(separator: "; "))
  }

  /// Begins a session under the pseudonym of a recorded hello, where the scheme has one.
  private func begin(_ memory: inout DeviceMemory, under recorded: [UInt8]) throws -> DeviceEnd {
    guard memory.scheme.row.derivation == .ratchet else {
      return try DeviceEnd.begin(&memory, epoch: loot.memory?.epoch ?? facts.epoch)
    }
    memory.counter += 1
    memory.symmetricKey = try Derivation.ratchet(memory.symmetricKey)
    return DeviceEnd(
      try SymmetricClient(
        memory.scheme, key: memory.symmetricKey,
        hint: Array(recorded.dropFirst().prefix(memory.scheme.row.hint.length)),
        counter: memory.counter))
  }

  /// Runs a session and says one thing; returns what the server believes on this line.
  func say(_ text: [UInt8], as client: DeviceEnd, on line: any Line) throws -> [HeardText] {
    guard let reply = line.send(try client.hello()).first else { throw LaboratoryError.noAnswer(line.refusal ?? "") }
    try client.finish(reply) { _ = line.send($0) }
    _ = line.send(try client.seal(encoded(.hello(.init(listens: false, epoch: facts.epoch, revocationSequence: 0)))))
    let nobody = DeviceAddress(system: facts.devices[0].system, device: DeviceID(0))
    _ = line.send(try client.seal(encoded(.frame(to: nobody, session: 0, text.bytes))))
    return line.accepted
  }

  /// Everything that could pass for the victim's memory, each with where it comes from.
  private func disguises(of victim: DeviceAddress) throws -> [(String, DeviceMemory)] {
    var result: [(String, DeviceMemory)] = []
    if var memory = loot.memory {
      let origin = memory.address == victim ? "stolen memory" : "stolen memory under the victim's address"
      memory.address = victim
      // Ahead of the owner, who counts too.
      memory.counter += facts.scheme.row.derivation == .ratchet ? 0 : 50
      result.append((origin, memory))
    }
    for (origin, key, step) in try symmetricKeys(for: victim) {
      var memory = blank(victim)
      memory.symmetricKey = key
      memory.counter = facts.scheme.row.derivation == .ratchet ? step : 1000
      if facts.scheme.row.derivation == .ratchet { memory.nameKey = try nameKey(of: victim) }
      if facts.scheme.row.hasKeyPair { continue }
      result.append((origin, memory))
    }
    guard facts.scheme.row.hasKeyPair else { return result }
    if let memory = try unlocked(victim) { result.append(("the device's own key, found", memory)) }
    return result + (try mintedDisguises(of: victim))
  }

  /// Memory of the victim's own key, where the loot leads to it.
  private func unlocked(_ victim: DeviceAddress) throws -> DeviceMemory? {
    guard let certificate = facts.certificates.first(where: { $0.fields.address == victim }),
      let key = try KeyRing(self).privateKeys[certificate.publicKey]
    else { return nil }
    var memory = blank(victim)
    memory.privateKey = key
    memory.certificate = certificate
    return memory
  }

  /// Memory of a key pair of the attacker's own, under a certificate or a credential where there is a key to issue one with.
  private func mintedDisguises(of victim: DeviceAddress) throws -> [(String, DeviceMemory)] {
    if facts.scheme.row.shown == .credential {
      guard let master = try masterKey() else { return [] }
      return try [Generation(1), 2].map { generation in
        var memory = blank(victim)
        (memory.privateKey, memory.certificate) = try master.mint(
          victim, generation: generation, lastEpoch: facts.epoch + 8)
        return ("credential minted for generation \(generation)", memory)
      }
    }
    let issuer = try loot.issuer ?? loot.root.map { try Authority(root: $0.bytes).issuer }
    guard let issuer else { return [] }
    return try [Generation(1), 2].map { generation in
      var memory = blank(victim)
      memory.privateKey = .random(32)
      memory.symmetricKey =
        try symmetricKeys(for: victim).first { $0.0 == "key derived from the root" }?.1 ?? .random(32)
      memory.certificate = try issuer.certificate(
        for: try Derivation.publicKey(memory.privateKey), system: victim.system, device: victim.device,
        generation: generation, lastEpoch: facts.epoch + 8)
      return ("certificate minted for generation \(generation)", memory)
    }
  }

  private func blank(_ victim: DeviceAddress) -> DeviceMemory {
    DeviceMemory(
      scheme: facts.scheme, address: victim, generation: 1, serverKey: facts.serverKey, issuerKey: facts.issuerKey,
      masterKey: facts.masterKey)
  }

  private func symmetricKeys(for victim: DeviceAddress) throws -> [(String, [UInt8], UInt32)] {
    var keys: [(String, [UInt8], UInt32)] = []
    if let root = loot.root {
      let master = keyBytes(of: try Authority(root: root.bytes).derivationMaster)
      if facts.scheme.row.derivation == .system {
        keys.append(("system key from the root", try Derivation.shared(victim.system, master: master), 0))
      } else {
        let key = try Derivation.device(victim, generation: 1, master: master)
        // Far enough ahead of the owner, and no further than the server follows.
        let steps: UInt32 = facts.scheme.row.derivation == .ratchet ? 40 : 0
        keys.append(("key derived from the root", try Derivation.ratchet(key, steps: steps), steps))
      }
    }
    for (key, step) in try KeyRing.served(victim, self) {
      // Far enough ahead of the owner, and no further than the server follows.
      let steps: UInt32 = facts.scheme.row.derivation == .ratchet ? 40 : 0
      keys.append(("key from root and registry", try Derivation.ratchet(key, steps: steps), step + steps))
    }
    if loot.root == nil, let registry = loot.registry, !registry.isEmpty {
      for candidate in try KeyRing(self).symmetricKeys {
        keys.append(("32 bytes of the registry", candidate.key, 1))
        if keys.count > 400 { break }
      }
    }
    return keys
  }

  /// The ratchet's pseudonym key follows from the root; without it a thief must have seen the name on the wire.
  private func nameKey(of victim: DeviceAddress) throws -> [UInt8] {
    guard let root = loot.root else { return loot.memory?.nameKey ?? .random(32) }
    return try Derivation.name(for: victim, master: keyBytes(of: try Authority(root: root.bytes).derivationMaster))
  }
}
