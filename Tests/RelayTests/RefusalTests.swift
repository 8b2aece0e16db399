// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Wire
import Device
import Foundation
import Noise
import Schemes
import Testing

@testable import Keyring
@testable import Registry
@testable import Relay

/// What whoever gets no session learns about why.
@Suite("Refusals")
struct RefusalTests {
  static let keyPairs: [SchemeID] = [.certified, .registered, .compactKK, .hybridIKpsk2, .identityBased]

  private func device(_ id: UInt64, _ scheme: SchemeID, _ fleet: TestFleet) throws -> SimulatedDevice {
    let device = try fleet.device(id, scheme: scheme)
    guard scheme.row.hasKeyBeside else { return device }
    var key = SecretBytes<32>()
    fleet.authority.deriveKey(of: device.address, generation: 1, into: &key)
    let psk = [UInt8](copying: key.bytes)
    try device.psks.create(address: device.address, epoch: 1, scheme: scheme, generation: 1, key: psk.bytes)
    return device
  }

  private func revoke(_ address: DeviceAddress, _ fleet: TestFleet) throws {
    _ = try fleet.registry.revoke(address, through: nil, reason: .keyCompromise, issuer: fleet.authority.issuer)
  }

  @Test("A revoked device with a key pair is told so, by its own key alone", arguments: keyPairs)
  func revokedKeyPair(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try device(1, scheme, fleet)
    try device.run(in: fleet)
    try revoke(device.address, fleet)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.revoked))) { try device.run(in: fleet) }
    #expect(device.told == .revoked)
    // Who replays its first frame gets an answer of the same length for every reason, and cannot read it.
    let frame = try device.firstFrame(on: fleet.connect())
    let line = fleet.connect()
    line.arrive(frame)
    let answer = try #require(line.takeFrames().first)
    #expect(answer.count == scheme.row.refusalLength && !line.isOpen)
    let other = try self.device(2, scheme, fleet)
    _ = try other.firstFrame(on: fleet.connect())
    #expect(throws: DeviceError.self) { try other.readReply(answer) }
    #expect(other.told == nil)
  }

  @Test("So is one without", arguments: SymmetricRelayTests.schemes)
  func revokedSymmetric(scheme: SchemeID) throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, scheme)
    try device.run(in: fleet)
    try revoke(device.address, fleet)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.revoked))) { try device.run(in: fleet) }
    #expect(device.told == .revoked)
    // With a key that it was given and has not used too.
    let second = try fleet.symmetricDevice(2, scheme)
    try fleet.registry.order(.rotate, for: second.address)
    let given = try hold(second, fleet)
    try revoke(second.address, fleet)
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.revoked))) { try second.run(in: fleet) }
    #expect(second.told == .revoked && given)
  }

  /// Opens a session in which the device is given its next key, and stores it; whether it has one afterwards.
  private func hold(_ device: MigratingDevice, _ fleet: TestFleet) throws -> Bool {
    let line = fleet.connect()
    line.arrive(try device.firstFrame(.active, on: line))
    try device.readReply(try #require(line.takeFrames().first))
    line.arrive(try device.hello())
    _ = try device.pump(fleet)
    line.cut()
    return device.choices.first == .given
  }

  @Test("A key that nobody has is told so where that can be said, and else nothing is")
  func unknownKeys() throws {
    let fleet = try TestFleet()
    for scheme in [SchemeID.certified, .registered, .hybridIKpsk2] {
      let address = DeviceAddress(system: fleet.alpha, device: DeviceID(1))
      let stranger = SimulatedDevice()
      stranger.identity.create(
        address: address, anchor: fleet.authority.issuerKey, serverKey: fleet.authority.serverKey.publicKey,
        epoch: 1, scheme: scheme)
      try stranger.identity.install(
        fleet.authority.issuer.certificate(
          for: stranger.identity.renewalKey!, system: fleet.alpha, device: DeviceID(1), generation: 1,
          lastEpoch: 9))
      if scheme.row.hasKeyBeside {
        let psk = [UInt8](repeating: 3, count: 32)
        try stranger.psks.create(
          address: address, epoch: 1, scheme: scheme, generation: 1, key: psk.bytes)
      }
      #expect(throws: SimulatedDevice.Refused.self, "\(scheme)") { try stranger.run(in: fleet) }
      #expect(stranger.told == .unknownKey, "\(scheme)")
    }
    for scheme in SymmetricRelayTests.schemes {
      let stranger = try TestFleet().symmetricDevice(1, scheme)
      #expect(throws: SimulatedDevice.Refused.self, "\(scheme)") { try stranger.run(in: fleet) }
      #expect(stranger.told == nil && stranger.connection?.takeFrames().isEmpty == true, "\(scheme)")
    }
  }

  @Test("Whoever names a device without its key learns nothing of it: not whether it exists, or is revoked")
  func oracle() throws {
    let fleet = try TestFleet()
    let serving = try fleet.device(1)
    let revoked = try fleet.device(2)
    try revoke(revoked.address, fleet)
    let hybrid = try device(3, .hybridIKpsk2, fleet)
    try hybrid.run(in: fleet)
    let quarantined = try fleet.device(4)
    try fleet.registry.quarantine(quarantined.address, because: "for the test")
    let nobody = DeviceAddress(system: fleet.alpha, device: DeviceID(5))
    let addresses = [serving, revoked, hybrid, quarantined].map(\.address) + [nobody]
    // A key of the stranger's own, and one that is a device's: that speaks for its device alone.
    let own = X25519.PrivateKey.random()
    for address in addresses { try ask(own, address, serving, fleet) }
    let known = try X25519.PrivateKey(copying: serving.identity.slotA.key.secretBytes)
    for address in addresses.dropFirst() { try ask(known, address, serving, fleet) }
  }

  /// Shows a certificate of one's own making for `address`, and expects to hear that the key is not known.
  private func ask(
    _ key: borrowing X25519.PrivateKey, _ address: DeviceAddress, _ like: SimulatedDevice, _ fleet: TestFleet
  ) throws {
    for generation: Generation in [1, 2, 65_000] {
      var device = Initiator(.certified)
      device.setStatic(key, server: fleet.authority.serverKey.publicKey)
      let fields = CertificateFields(
        issuer: like.identity.certificate!.fields.issuer, system: address.system, device: address.device,
        generation: generation, lastEpoch: 9)
      let made = Certificate(fields: fields, publicKey: key.publicKey, signature: Bytes())
      var frame = [UInt8](repeating: 0, count: 256)
      var span = frame.mutableBytes
      let length = try device.writeHello(made, into: &span)
      let line = fleet.connect()
      line.arrive(Array(frame[..<length]))
      let answer = try #require(line.takeFrames().first)
      var keys = SessionKeys()
      var error: SchemesError?
      do { try device.readReply(answer.bytes, keys: &keys) } catch let caught { error = caught }
      #expect(error == .refused(.unknownKey), "\(address) \(generation)")
    }
  }

  @Test("A key that was taken back before its first use is refused, and the device goes on with the old one")
  func withdrawn() throws {
    for (scheme, first, then) in [
      (SchemeID.sharedKey, SchemeID.derivedKey, SchemeID.derivedKeyRatchet),
      (.sharedKey, .derivedKeyPBKDF2, .derivedKeyEphemeral), (.derivedKey, .derivedKeyRatchet, .certified),
      (.derivedKey, .derivedKeyEphemeral, .derivedKey), (.derivedKeyRatchet, .derivedKeyPBKDF2, .derivedKey),
    ] {
      let fleet = try TestFleet()
      let device = try fleet.symmetricDevice(1, scheme)
      try fleet.registry.orderMigration(to: first, for: device.address)
      #expect(try hold(device, fleet), "\(scheme)")
      // The owner changes their mind, and the epoch moves on meanwhile.
      try fleet.registry.orderMigration(to: then, for: device.address)
      _ = try fleet.registry.advanceEpoch(by: 1, issuer: fleet.authority.issuer)
      let line = fleet.connect()
      line.arrive(try device.firstFrame(.given, on: line))
      #expect(throws: SimulatedDevice.Refused(reason: .refused(.withdrawnKey)), "\(scheme)") {
        try device.readReply(try #require(line.takeFrames().first))
      }
      #expect(device.told == .withdrawn)
      try device.run(in: fleet)
      try device.run(in: fleet)
      #expect(device.scheme == then, "\(scheme), \(first), \(then)")
      let row = try #require(try fleet.registry.symmetricDevice(device.address))
      if then != scheme { #expect(try fleet.registry.withdrawnKeys(of: row).isEmpty) }
    }
  }

  @Test("A shared key that was taken back and is asked for again serves again")
  func withdrawnSharedKey() throws {
    let fleet = try TestFleet()
    let device = try fleet.symmetricDevice(1, .sharedKey)
    try fleet.registry.order(.rotate, for: device.address)
    #expect(try hold(device, fleet))
    try fleet.registry.orderMigration(to: .derivedKey, for: device.address)
    let line = fleet.connect()
    line.arrive(try device.firstFrame(.given, on: line))
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.withdrawnKey))) {
      try device.readReply(try #require(line.takeFrames().first))
    }
    try fleet.registry.orderMigration(to: .sharedKey, for: device.address)
    try device.run(in: fleet)
    #expect(device.generation == 2 && device.scheme == .sharedKey)
  }

  @Test("A device that has proved itself and gets no session is told by a record")
  func afterTheHandshake() throws {
    let fleet = try TestFleet()
    let device = try fleet.device(1)
    try fleet.registry.quarantine(device.address, because: "for the test")
    #expect(throws: SimulatedDevice.Refused(reason: .refused(.quarantined))) { try device.run(in: fleet) }
    #expect(device.told == .quarantined && device.heard == ["turned-away-6"])
    let symmetric = try fleet.symmetricDevice(2, .derivedKey)
    let line = fleet.connect()
    line.arrive(try symmetric.firstFrame(.active, on: line))
    try symmetric.readReply(try #require(line.takeFrames().first))
    try revoke(symmetric.address, fleet)
    line.arrive(try symmetric.hello())
    try symmetric.pump(fleet)
    #expect(symmetric.told == .revoked && symmetric.heard == ["turned-away-2"])
  }

  /// In a handshake of three messages the server learns from the last whose key it is.
  private final class ThreeMessages: Admission {
    private var count = 0

    func receive(
      _ frame: RawSpan, keys: inout SessionKeys, proof: inout ProofContext
    ) throws(AdmissionRefusal) -> AdmissionStep {
      count += 1
      guard count == 2 else { return AdmissionStep(reply: [1, 2, 3], claimant: nil) }
      var key = SecretBytes<32>()
      key.copy(from: [UInt8](repeating: 7, count: 32).bytes)
      keys.sending.setKey(key)
      return AdmissionStep(refusal: .belowFloor, telling: .belowFloor)
    }
  }

  @Test("After a handshake of three messages the reason comes as a record")
  func threeMessages() throws {
    var admissions = Admissions()
    admissions.accept(.certified) { ThreeMessages() }
    let session = RelaySession(admissions: admissions, limits: RelayLimits())
    let first = [SchemeID.certified.rawValue]
    guard case .reply([1, 2, 3]) = session.receive(first) else { return #expect(Bool(false)) }
    guard case .turnAway(var frame, .belowFloor) = session.receive([9]) else { return #expect(Bool(false)) }
    var keys = CipherState<Cipher.ChaChaPoly>()
    var key = SecretBytes<32>()
    key.copy(from: [UInt8](repeating: 7, count: 32).bytes)
    keys.setKey(key)
    var span = frame.mutableBytes
    try keys.decrypt(inPlace: &span)
    #expect(Array(frame.dropLast(tagLength)) == [0x95, SessionRefusal.belowFloor.rawValue])
    guard case .none = session.receive([9]) else { return #expect(Bool(false)) }
  }

  @Test("Every reason has its own count")
  func counts() throws {
    let metrics = RelayMetrics()
    for refusal in AdmissionRefusal.allCases { metrics.handshakes.add(.refused(refusal)) }
    for refusal in AdmissionRefusal.allCases {
      #expect(metrics.handshakes.value(.refused(refusal)) == 1)
      #expect(metrics.exposition.contains("handshakes_total{result=\"\(refusal.rawValue)\"} 1\n"))
    }
    #expect(metrics.handshakes.values.map(\.value).reduce(0, +) == AdmissionRefusal.allCases.count)
  }
}
