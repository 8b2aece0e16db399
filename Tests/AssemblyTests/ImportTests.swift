// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Keyring
import Wire
import Device
import Foundation
import Registry
import Schemes
import Testing

@testable import Assembly

/// Devices that come from another server, with the key that they have.
@Suite struct ImportTests {
  let bench: TestBench

  init() throws { bench = try TestBench() }

  private func batch(_ scheme: SchemeID) -> Batch {
    Batch(
      registry: bench.registry, issuer: bench.authority.issuer, system: bench.system, directory: bench.out,
      scheme: scheme, authority: bench.authority)
  }

  private static func key(_ byte: UInt8) -> String { String(repeating: String(format: "%02x", byte), count: 32) }

  /// The key in a device's file.
  private func key(in plan: BatchPlan, _ index: Int, _ batch: Batch) throws -> [UInt8] {
    var identity = SymmetricIdentity()
    try identity.load([UInt8](try Data(contentsOf: URL(filePath: batch.path(of: plan.rows[index])))).bytes)
    return [UInt8](copying: identity.slotA.key.bytes)
  }

  @Test(
    "A table's secret keys are its devices' keys, and a row without one gets a new one",
    arguments: [SchemeID.derivedKey, .derivedKeyEphemeral])
  func ownKeys(_ scheme: SchemeID) throws {
    let plan = try BatchPlan(
      csv: Array(
        "id,label,secret_key\n0000000000000001,a,\(Self.key(7))\n0000000000000002,b,\n0000000000000003,c,\(Self.key(9))\n"
          .utf8))
    #expect(plan.hasSecretKeys && plan.extraColumns == ["label"])
    let batch = batch(scheme)
    #expect(try batch.run(plan) == Batch.Summary(made: 3, found: 0))
    #expect(try key(in: plan, 0, batch) == [UInt8](repeating: 7, count: 32))
    #expect(try key(in: plan, 2, batch) == [UInt8](repeating: 9, count: 32))
    #expect(try key(in: plan, 1, batch) != [UInt8](repeating: 0, count: 32))
    // Cut off between the row and the file, and run again.
    let before = try bench.contents()
    unlink(batch.path(of: plan.rows[0]))
    #expect(try batch.run(plan) == Batch.Summary(made: 1, found: 2))
    #expect(try bench.contents() == before)
    // No key is in the manifest, and none in the open in what the authority keeps.
    let manifest = bench.out + "/manifest.csv"
    try Manifest.write(plan, of: batch, to: manifest)
    #expect(try !String(contentsOfFile: manifest, encoding: .utf8).contains(Self.key(7)))
    try bench.registry.close()
    let folder = URL(filePath: bench.registry.path).deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let content = try Data(contentsOf: folder.appending(path: name))
      #expect(content.range(of: Data(repeating: 7, count: 32)) == nil, "\(name)")
    }
  }

  @Test("Another key for a device that is there is refused, and so is a key where it has no place")
  func conflicts() throws {
    let header = "id,secret_key\n0000000000000001,"
    func plan(_ text: String) throws(AssemblyError) -> BatchPlan { try BatchPlan(csv: Array((header + text).utf8)) }
    let batch = batch(.derivedKey)
    _ = try batch.run(try plan(Self.key(7) + "\n"))
    let conflict = BatchConflict(device: DeviceID(1), line: 2, reason: .registeredWithAnotherKey)
    #expect(throws: AssemblyError.conflicts([conflict])) { try batch.run(try plan(Self.key(8) + "\n")) }
    unlink(batch.path(of: try plan(Self.key(8) + "\n").rows[0]))
    #expect(throws: AssemblyError.conflicts([conflict])) { try batch.run(try plan(Self.key(8) + "\n")) }
    for scheme in [
      SchemeID.sharedKey, .derivedKeyPBKDF2, .derivedKeyRatchet, .certified, .registered, .compactKK, .hybridIKpsk2,
    ] {
      #expect(throws: AssemblyError.csv(line: 2, .unexpectedSecretKey), "\(scheme)") {
        try self.batch(scheme).run(try plan(Self.key(7) + "\n"))
      }
    }
    #expect(throws: AssemblyError.csv(line: 2, .invalidSecretKey)) { try plan("0708\n") }
    #expect(throws: AssemblyError.csv(line: 2, .invalidSecretKey)) { try plan(Self.key(7).dropLast() + "g\n") }
    #expect(throws: AssemblyError.csv(line: 3, .duplicateSecretKey(firstLine: 2))) {
      try plan(Self.key(7) + "\n0000000000000002," + Self.key(7) + "\n")
    }
  }

  @Test("A system's shared key is imported before there is one, and is that of every device added afterwards")
  func sharedKey() throws {
    let old = SecretBytes<32>.random()
    let other = SecretBytes<32>.random()
    for _ in 0..<2 { try bench.registry.importSharedKey(old, of: bench.system, authority: bench.authority) }
    #expect(throws: RegistryError.sharedKeyExists(bench.system)) {
      try bench.registry.importSharedKey(other, of: bench.system, authority: bench.authority)
    }
    #expect(throws: RegistryError.unknownSystem(SystemID(77))) {
      try bench.registry.importSharedKey(old, of: SystemID(77), authority: bench.authority)
    }
    let batch = batch(.sharedKey)
    let plan = try bench.plan(1...2)
    _ = try batch.run(plan)
    let expected = [UInt8](copying: old.bytes)
    #expect(try key(in: plan, 0, batch) == expected)
    #expect(try key(in: plan, 1, batch) == expected)
    // A system that made its own has that.
    let beta = try bench.registry.addSystem(named: "beta").id
    _ = try bench.registry.addSymmetricDevice(
      DeviceAddress(system: beta, device: DeviceID(1)), scheme: .sharedKey, authority: bench.authority)
    #expect(throws: RegistryError.sharedKeyExists(beta)) {
      try bench.registry.importSharedKey(old, of: beta, authority: bench.authority)
    }
    #expect(
      try bench.registry.audit(since: 0, limit: 100).filter { $0.action == "system.import-key" }.map(\.system)
        == [bench.system])
  }

  @Test("A sealed key opens for the device whose row it is in, and for no other")
  func sealed() throws {
    let key = SecretBytes<32>.random()
    let address = DeviceAddress(system: bench.system, device: DeviceID(1))
    let device = try bench.registry.importSymmetricDevice(
      address, scheme: .derivedKey, key: key, authority: bench.authority)
    var opened = SecretBytes<32>()
    try bench.authority.deriveKey(device.current, of: address, into: &opened)
    #expect([UInt8](copying: opened.bytes) == [UInt8](copying: key.bytes))
    let thief = DeviceAddress(system: bench.system, device: DeviceID(2))
    #expect(throws: KeyringError.corrupted("a stored key does not open")) {
      try bench.authority.deriveKey(device.current, of: thief, into: &opened)
    }
    #expect(throws: KeyringError.corrupted("a stored key does not open")) {
      try Authority.random().deriveKey(device.current, of: address, into: &opened)
    }
  }
}
