// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Schemes
import Testing
import Wire

@Suite("Changing a key")
struct RotationTests {
  let authority = try! Authority()

  /// Connects until everything is done, and checks after each fault that the device gets in again.
  private func run(
    _ faults: [Int: RotationDrill.Fault], ordered: Bool, scheme: SchemeID = .certified
  ) throws -> RotationDrill {
    let drill = try RotationDrill(faults: faults, ordered: ordered, scheme: scheme)
    for _ in 0..<12 where !drill.isDone {
      let before = drill.welcomes
      do {
        try drill.connect()
        if drill.welcomes == before { Issue.record("locked out by \(faults)") }
      } catch is RotationDrill.Interruption {}
    }
    if !drill.isDone {
      Issue.record(
        "not done after \(faults): \(drill.device.identity.slotA.state), \(drill.device.identity.slotB.state)")
    }
    if !drill.texts.contains("to the old key") { Issue.record("mail to the old key is lost by \(faults)") }
    return drill
  }

  @Test("takes two sessions when nothing fails", arguments: [true, false], [SchemeID.certified, .identityBased])
  func undisturbed(ordered: Bool, scheme: SchemeID) throws {
    let drill = try run([:], ordered: ordered, scheme: scheme)
    #expect(drill.welcomes == 2 && drill.texts == ["to the old key"])
    #expect(drill.server.current.generation == 2 && drill.steps > 20)
  }

  @Test(
    "survives a power cut and a lost message at every step", arguments: [true, false],
    [SchemeID.certified, .identityBased])
  func everyStep(ordered: Bool, scheme: SchemeID) throws {
    let steps = try run([:], ordered: ordered, scheme: scheme).steps
    for step in 0..<steps {
      for fault in RotationDrill.Fault.allCases {
        let drill = try run([step: fault], ordered: ordered, scheme: scheme)
        // One fault never costs a second rotation.
        if drill.server.current.generation != 2 { Issue.record("rotated again after \(fault) at \(step)") }
      }
    }
  }

  @Test("survives two faults at any two steps", arguments: [SchemeID.certified, .identityBased])
  func everyTwoSteps(scheme: SchemeID) throws {
    let steps = try run([:], ordered: true, scheme: scheme).steps
    for first in 0..<steps {
      for second in first + 1..<steps + 4 {
        // Which kinds alternates, so that all four pairs come up in every region.
        let kinds = RotationDrill.Fault.allCases
        _ = try run([first: kinds[(first + second) % 2], second: kinds[second / 2 % 2]], ordered: true, scheme: scheme)
      }
    }
  }

  @Test("refuses certificates that are not this device's next one")
  func wrongCertificates() throws {
    let device = try authority.device(0xA)
    try device.identity.beginRotation()
    let key = device.identity.renewalKey!
    let wrong: [(Certificate, DeviceError)] = [
      (try authority.certificate(for: key, device: 0xB, generation: 2), .subjectMismatch),
      (try authority.certificate(for: key, system: 2, device: 0xA, generation: 2), .subjectMismatch),
      (try authority.certificate(for: key, device: 0xA, generation: 1), .subjectMismatch),
      (
        try authority.certificate(for: X25519.PrivateKey.random().publicKey, device: 0xA, generation: 2),
        .subjectMismatch
      ),
      (
        try Authority(seed: 0xB2).certificate(for: key, device: 0xA, generation: 2),
        .credentials(.unknownIssuer(try Authority(seed: 0xB2).issuer.keyID))
      ),
      // The key in use keeps its generation.
      (try authority.certificate(for: device.certificate.publicKey, device: 0xA, generation: 2), .subjectMismatch),
    ]
    device.save()
    for (certificate, expected) in wrong {
      #expect(throws: expected) { try device.identity.install(certificate) }
      #expect(device.identity.isDirty == false)
    }
    try device.identity.install(authority.certificate(for: key, device: 0xA, generation: 2))
    #expect(device.identity.slotForSession() == .b)
  }

  @Test("makes one key, however often it is begun, and none while the old one is still needed")
  func beginning() throws {
    let device = try authority.device(0xA)
    try device.identity.beginRotation()
    let key = device.identity.renewalKey
    try device.identity.beginRotation()
    #expect(device.identity.renewalKey == key && key != nil)
    try device.identity.install(authority.certificate(for: key!, device: 0xA, generation: 2))
    try device.identity.beginRotation()
    #expect(device.identity.renewalKey == key)
    device.identity.confirmUse(of: .b)
    #expect(throws: DeviceError.rotationInProgress) { try device.identity.beginRotation() }
    // An order that comes now waits for the next session.
    let order = try device.identity.receive(.rotate, over: .b)
    #expect(order == .none)
    device.identity.retireOldKey()
    try device.identity.beginRotation()
    #expect(device.identity.renewalKey != key)
    #expect(throws: DeviceError.noUsableKey) { try TestDevice().identity.beginRotation() }
  }

  @Test("does not promote a key because a session under the other one was welcomed")
  func wrongSlot() throws {
    let device = try authority.device(0xA)
    try device.identity.beginRotation()
    try device.identity.install(
      authority.certificate(for: device.identity.renewalKey!, device: 0xA, generation: 2))
    let before = device.certificate
    device.identity.confirmUse(of: .a)
    #expect(device.certificate == before)
    device.identity.confirmUse(of: .b)
    #expect(device.certificate.fields.generation == 2)
  }

  @Test("A certificate in its last two epochs is renewed for the same key, and so is one that is out of date")
  func renewal() throws {
    for (epoch, expected): (Epoch, Bool) in [
      (11, false), (18, false), (19, true), (20, true), (21, true), (.max, true),
    ] {
      let device = try authority.device(0xA, lastEpoch: 20)
      let order = try device.identity.receive(.epoch(authority.epoch(epoch)), over: .a)
      #expect(order == (expected ? .renew(device.certificate.publicKey) : .none))
      try device.identity.install(
        authority.certificate(for: device.certificate.publicKey, device: 0xA, lastEpoch: .max))
      #expect(device.certificate.fields.lastEpoch == .max && device.certificate.fields.generation == 1)
    }
  }
}
