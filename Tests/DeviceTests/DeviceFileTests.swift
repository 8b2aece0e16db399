// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@Suite("The device file")
struct DeviceFileTests {
  let authority = try! Authority()

  /// In the middle of everything: two keys, a policy, revocations, numbers in use.
  private func busyDevice() throws -> TestDevice {
    let device = try authority.device(0xA, scheme: .registered)
    try device.identity.beginRotation()
    try device.identity.install(authority.certificate(for: device.identity.renewalKey!, device: 0xA, generation: 2))
    _ = try device.identity.receive(.policy(authority.policy(from: 1, to: 2)), over: .a)
    for id: UInt64 in 1...5 {
      _ = try device.identity.receive(.revocation(authority.revocation(device: id, sequence: UInt32(id))), over: .a)
    }
    for _ in 0..<5 { _ = try device.identity.nextMessageID() }
    device.save()
    return device
  }

  private func load(_ bytes: [UInt8]) throws(DeviceError) -> TestDevice {
    let device = TestDevice()
    try device.identity.load(bytes.bytes)
    return device
  }

  /// `bytes` closed by the checksum that belongs to them.
  static func closed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 32 else { return bytes }
    let body = Array(bytes.dropLast(32))
    var digest = [UInt8](repeating: 0, count: 32)
    var span = digest.mutableBytes
    Hash.SHA256.hash(body.bytes, into: &span)
    return body + digest
  }

  @Test("comes back whole: keys, certificates, trust, counters")
  func roundTrip() throws {
    let device = try busyDevice()
    #expect(device.stored.count == DeviceIdentity.encodedLength)
    let copy = try load(device.stored)
    #expect(copy.address == device.address && copy.certificate == device.certificate)
    #expect(copy.identity.scheme == .registered && copy.identity.serverKey == authority.handshakeKey.publicKey)
    #expect(copy.identity.revocationSequence == 5 && copy.identity.trust.revocations.count == 5)
    #expect(copy.identity.trust.allows(from: SystemID(1), to: SystemID(2)) == true)
    #expect(copy.identity.slotForSession() == .b && copy.identity.slotForSession(fallingBack: true) == .a)
    #expect(copy.identity.renewalKey == device.identity.renewalKey)
    #expect(copy.identity.isDirty == false)
    copy.save()
    #expect(copy.stored == device.stored)
    // The private keys came too: each opens what is sealed to it.
    let shared = try copy.sharedSecrets(with: authority.handshakeKey.publicKey)
    #expect(shared == (try device.sharedSecrets(with: authority.handshakeKey.publicKey)) && shared[0] != shared[1])
  }

  @Test("in each state of its slots")
  func states() throws {
    let device = TestDevice()
    device.identity.create(
      address: DeviceAddress(system: SystemID(1), device: DeviceID(0xA)), anchor: authority.anchor,
      serverKey: authority.handshakeKey.publicKey, epoch: 10)
    func check(_ a: KeySlot.State, _ b: KeySlot.State) throws {
      device.save()
      let copy = try load(device.stored)
      let states = (copy.identity.slotA.state, copy.identity.slotB.state)
      #expect(states == (a, b))
      copy.save()
      #expect(copy.stored == device.stored)
    }
    try check(.pending, .empty)
    try device.identity.install(authority.certificate(for: device.identity.renewalKey!, device: 0xA))
    try check(.active, .empty)
    try device.identity.beginRotation()
    try check(.active, .pending)
    try device.identity.install(authority.certificate(for: device.identity.renewalKey!, device: 0xA, generation: 2))
    try check(.active, .certified)
    device.identity.confirmUse(of: .b)
    try check(.retiring, .active)
    device.identity.retireOldKey()
    try check(.empty, .active)
    // The key that was retired is gone from the file: its slot holds zeros.
    #expect(device.stored[60..<212].allSatisfy { $0 == 0 })
  }

  @Test("that was torn anywhere, or has any bit turned, is corrupt and leaves an empty identity")
  func torn() throws {
    let old = try authority.device(0xA).stored
    let new = try busyDevice().stored
    for length in 0..<new.count {
      let torn = Array(new[..<length])
      #expect(throws: DeviceError.corruptFile) { try load(torn) }
      // A write that stopped half way over the old content.
      let mixed = torn + old[length...]
      if mixed != old { #expect(throws: DeviceError.corruptFile, "torn at \(length)") { try load(mixed) } }
    }
    #expect(throws: DeviceError.corruptFile) { try load(new + [0]) }
    for bit in 0..<new.count * 8 {
      let expected: DeviceError = 32..<40 ~= bit ? .unknownFileVersion(2 ^ (0x80 >> UInt8(bit - 32))) : .corruptFile
      #expect(throws: expected, "bit \(bit)") { try load(flipping(bit, of: new)) }
    }
    let device = try load(old)
    let noise = [UInt8](repeating: 0, count: 10)
    #expect(throws: DeviceError.corruptFile) { try device.identity.load(noise.bytes) }
    #expect(device.identity.certificate == nil && device.identity.slotForSession() == nil)
    #expect(throws: DeviceError.noUsableKey) { try device.identity.nextMessageID() }
  }

  @Test("of a later version is named as one, whatever its length")
  func laterVersion() {
    for length in [5, 100, DeviceIdentity.encodedLength, 5000] {
      let bytes: [UInt8] = Array("CSDF".utf8) + [3] + [UInt8](repeating: 0, count: length - 5)
      #expect(throws: DeviceError.unknownFileVersion(3)) { try load(bytes) }
    }
  }

  @Test("with a right checksum over what cannot be is corrupt")
  func impossible() throws {
    let good = try busyDevice().stored
    let cases: [(Int, UInt8)] = [
      (5, 0), (5, 200),  // scheme
      (6, 1), (7, 1),  // reserved
      (60, 6), (60, 3),  // slot A's state: unknown; that of slot B
      (61, 1),  // reserved
      // A private key that is not the certificate's. Not by its first byte or last: clamping takes bits of those away.
      (63, good[63] ^ 1),
      (94, 0x21),  // the certificate's version
      (210, 1),  // reserved
    ]
    _ = try load(Self.closed(good))
    for (offset, value) in cases {
      var bytes = good
      #expect(bytes[offset] != value)
      bytes[offset] = value
      #expect(throws: DeviceError.corruptFile, "byte \(offset)") { try load(Self.closed(bytes)) }
    }
  }

  @Test("survives 100,000 bad inputs, half of them with a right checksum")
  func badInput() throws {
    let samples = [try busyDevice().stored, try authority.device(0xB).stored]
    let device = TestDevice()
    var accepted = 0
    var index = 0
    BadInput.forEach("device files", like: samples) { input in
      index += 1
      let bytes = index % 2 == 0 ? Self.closed(input) : input
      do throws(DeviceError) {
        try device.identity.load(bytes.bytes)
        accepted += 1
        // Whatever was loaded, using it must not trap, and what it writes must load.
        _ = try? device.identity.nextMessageID()
        device.save()
        let written = device.stored
        try device.identity.load(written.bytes)
      } catch {
        if device.identity.certificate != nil { Issue.record("\(error) and still an identity: \(bytes)") }
      }
    }
    #expect(accepted > 1_000)
  }
}

extension TestDevice {
  /// What each slot's private key makes with `peer`: the way to see a private key without showing it.
  fileprivate func sharedSecrets(with peer: X25519.PublicKey) throws(CryptoError) -> [[UInt8]] {
    var shared = SecretBytes<32>()
    try identity.slotA.key.agree(with: peer, into: &shared)
    let first = [UInt8](copying: shared.bytes)
    try identity.slotB.key.agree(with: peer, into: &shared)
    return [first, [UInt8](copying: shared.bytes)]
  }
}
