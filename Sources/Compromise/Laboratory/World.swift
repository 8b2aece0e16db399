// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Relay
import Schemes
import Wire

/// A fleet under one scheme: a server, three devices, and a wire on which every frame can be seen. Attacks take from it exactly
/// what they say that they steal.
///
/// Every scheme is served by the live relay over an SQLite registry; only a world that is weakened on purpose has a ``LabServer``.
public final class World {
  let scheme: SchemeID
  let weaknesses: Weaknesses
  let authority: Authority
  /// The 32 bytes from which every key of the server follows.
  let root: [UInt8]
  private(set) var gate: any Gate
  private(set) var devices: [DeviceMemory] = []
  private(set) var epoch: Epoch = 1
  let system: SystemID
  let live: LiveServer?
  /// Every public value that has been on the wire or in a certificate, with its discrete logarithm: only an attack by a quantum
  /// computer may look.
  private(set) var logarithms: [X25519.PublicKey: [UInt8]] = [:]
  /// The numbers that a predictable generator has given.
  private(set) var predicted: [X25519.PublicKey: [UInt8]] = [:]

  /// Alice, Bob and Carol.
  static let names = [DeviceID(0xA11CE), DeviceID(0xB0B), DeviceID(0xCA201)]

  init(_ scheme: SchemeID, _ weaknesses: Weaknesses = []) throws {
    self.scheme = scheme
    self.weaknesses = weaknesses
    let root = [UInt8].random(32)
    self.root = root
    authority = try Authority(root: root.bytes)
    let isBook = !weaknesses.isSubset(of: .besideTheGate)
    if !isBook {
      let live = try LiveServer(authority, weaknesses)
      self.live = live
      gate = live.gate
      system = live.system
    } else {
      live = nil
      gate = LabServer(authority, schemes: [scheme, .sharedKey], weaknesses: weaknesses, epoch: 1)
      system = SystemID(1)
    }
    for name in Self.names { devices.append(try assemble(name)) }
    logarithms[authority.serverKey.publicKey] = keyBytes(of: authority.serverKey)
  }

  /// The owner's books.
  func books() throws -> LiveServer {
    guard let live else { throw LaboratoryError.nothingToShow }
    return live
  }

  var book: LabServer? { gate as? LabServer }

  /// A device's memory, as a thief would read it out now.
  func memory(_ index: Int) -> DeviceMemory { devices[index] }

  /// Gives a device other memory: what an attack does to a device that it has in hand.
  func setMemory(_ memory: DeviceMemory, of index: Int) { devices[index] = memory }

  /// A device sleeps. One whose application says so makes the ephemeral key of its next session meanwhile; see module Device's
  /// `EphemeralKey`, which is for devices with a key pair.
  func sleep(_ index: Int, makingEphemeral: Bool = false) {
    guard makingEphemeral || weaknesses.contains(.ephemeralsAhead), scheme.row.hasKeyPair else { return }
    devices[index].ephemeralKey = .random(32)
  }

  /// A device straight from the bench.
  private func assemble(_ id: DeviceID) throws -> DeviceMemory {
    let address = DeviceAddress(system: system, device: id)
    let master = keyBytes(of: authority.derivationMaster)
    var memory = DeviceMemory(
      scheme: scheme, address: address, generation: 1, serverKey: authority.serverKey.publicKey,
      issuerKey: authority.issuerKey, masterKey: authority.identityMaster.publicKey)
    var row = LabRegistry.Row(address: address)
    if scheme.row.derivation != .none {
      memory.symmetricKey =
        scheme.row.derivation == .system
        ? try Derivation.shared(system, master: master)
        : try Derivation.device(address, generation: 1, master: master)
    }
    if !scheme.row.hasKeyPair, let key = try live?.add(address, scheme) { memory.symmetricKey = Array(key.prefix(32)) }
    if scheme.row.derivation == .ratchet {
      memory.nameKey = try Derivation.name(for: address, master: master)
      row.ratchetKey = memory.symmetricKey
    }
    if scheme.row.shown == .credential {
      try books().issue(to: &memory, inEscrow: weaknesses.contains(.escrow))
      logarithms[try Derivation.publicKey(memory.privateKey)] = memory.privateKey
    } else if scheme.row.hasKeyPair {
      memory.privateKey =
        weaknesses.contains(.factorySeed) ? try FactorySeed.privateKey(of: address, authority.issuer) : .random(32)
      let key = try Derivation.publicKey(memory.privateKey)
      logarithms[key] = memory.privateKey
      row.publicKey = key
      memory.certificate =
        try live?.add(address, key)
        ?? authority.issuer.certificate(for: key, system: system, device: id, generation: 1, lastEpoch: 9)
    }
    row.floor = scheme.row.floor
    book?.book.rows[address] = row
    return memory
  }

  /// The epoch advances.
  func advanceEpoch(by count: Epoch = 1) throws {
    epoch += count
    book?.epoch = epoch
    try live?.advanceEpoch(by: count)
  }

  /// The owner revokes a device.
  func revoke(_ index: Int) throws {
    let address = devices[index].address
    if let live {
      try live.revoke(address)
    } else if let row = book?.book.rows[address] {
      book?.book.rows[address]?.revokedThrough = row.generation
    }
  }

  /// Begins a session of an honest device.
  func client(_ index: Int, saying text: [UInt8] = []) throws -> DeviceEnd {
    var memory = devices[index]
    defer { devices[index] = memory }
    if weaknesses.contains(.actsOnFirstMessage) { return DeviceEnd(try EarlyClient(memory, saying: text)) }
    if weaknesses.contains(.unauthenticated) { memory.symmetricKey = [UInt8](repeating: 0, count: 32) }
    if weaknesses.contains(.predictableEphemerals) || weaknesses.contains(.factorySeed) {
      guard scheme.row.hasEphemeralKeys else { return try DeviceEnd.begin(&memory, epoch: memory.epoch) }
      let ephemeral =
        weaknesses.contains(.factorySeed)
        ? try FactorySeed.ephemeral(of: memory.address, authority.issuer) : [UInt8](repeating: 0x42, count: 32)
      if !weaknesses.contains(.factorySeed) { predicted[try Derivation.publicKey(ephemeral)] = ephemeral }
      return DeviceEnd(try PredictableClient(memory, epoch: memory.epoch, ephemeral: ephemeral))
    }
    guard let recorded = try recordedEphemeral(memory) else { return try DeviceEnd.begin(&memory, epoch: memory.epoch) }
    return recorded
  }

  /// Whether ephemeral keys are drawn here and kept as logarithms, for a recorder that may have them.
  var keepsLogarithms = false

  private func recordedEphemeral(_ memory: DeviceMemory) throws -> DeviceEnd? {
    guard keepsLogarithms, scheme.row.hasEphemeralKeys else { return nil }
    let ephemeral = [UInt8].random(32)
    logarithms[try Derivation.publicKey(ephemeral)] = ephemeral
    return DeviceEnd(try PredictableClient(memory, epoch: memory.epoch, ephemeral: ephemeral))
  }

  /// Rotation gave a device a new key.
  func install(_ memory: DeviceMemory, at index: Int) throws {
    devices[index] = memory
    if scheme.row.hasKeyPair { logarithms[try Derivation.publicKey(memory.privateKey)] = memory.privateKey }
  }

  /// A device has been told the epoch.
  func hear(_ epoch: Epoch, at index: Int) { devices[index].epoch = epoch }

  /// Puts another server in the place of the one that ran: what a restored backup does.
  func replaceGate(_ gate: any Gate) { self.gate = gate }
}

/// The weakness `factorySeed`: every key of a device from one that the factory keeps.
enum FactorySeed {
  static func privateKey(of address: DeviceAddress, _ issuer: AuthorityIssuer) throws -> [UInt8] {
    try draw("static", address, issuer)
  }

  static func ephemeral(of address: DeviceAddress, _ issuer: AuthorityIssuer) throws -> [UInt8] {
    try draw("ephemeral", address, issuer)
  }

  /// Signing is deterministic, so that whoever can sign can draw the same seed.
  private static func draw(_ label: String, _ address: DeviceAddress, _ issuer: AuthorityIssuer) throws -> [UInt8] {
    let message = Array("factory \(label) \(address.device.rawValue)".utf8)
    let signature = try issuer.signer.signature(for: message.bytes)
    var digest = Bytes<32>()
    var span = digest.mutableBytes
    Hash.SHA256.hash(signature.bytes, into: &span)
    return digest.array
  }
}
