// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import FleetSupport
import CountersignCrypto
import Device
import Schemes
import Testing
import Wire

@Suite("A key made by a device in C")
struct CEnrolmentTests {
  let authority = try! Authority()

  private func create(_ c: CDevice, identityBased: Bool = false, hasMaster: Bool = true) -> countersign_result {
    let issuerKey = authority.anchor
    let anchor = [UInt8](copying: issuerKey.bytes)
    let serverKey = authority.handshakeKey.publicKey
    let server = [UInt8](copying: serverKey.bytes)
    let masterKey = authority.master.publicKey.bytes
    let master = [UInt8](copying: masterKey.bytes)
    return anchor.withUnsafeBufferPointer { anchor in
      server.withUnsafeBufferPointer { server in
        master.withUnsafeBufferPointer { master in
          var enrolment = countersign_enrolment(
            address: countersign_address(device: 0xC, system: 1), issuer_key: anchor.baseAddress!,
            server_key: server.baseAddress!, master_key: hasMaster ? master.baseAddress : nil, epoch: 10,
            identity_based: identityBased ? 1 : 0)
          return countersign_create(c.context, MemoryLayout<countersign_context>.size, &enrolment)
        }
      }
    }
  }

  private func request(_ c: CDevice) throws(CError) -> Bytes<32> {
    var request = [UInt8](repeating: 0, count: 32)
    try c.check(countersign_certificate_request(c.context, &request))
    return try! Bytes(copying: request)
  }

  private func install(_ bytes: [UInt8], _ c: CDevice) throws(CError) {
    try c.check(countersign_install(c.context, bytes, bytes.count))
  }

  private func blank() -> CDevice { CDevice([UInt8](repeating: 0, count: Int(COUNTERSIGN_STORED_SIZE))) }

  @Test("is certified, stored, and opens a session")
  func certified() throws {
    let c = blank()
    #expect(create(c) == COUNTERSIGN_OK && countersign_generation(c.context) == 0)
    var key = [UInt8](repeating: 0, count: 32)
    #expect(countersign_public_key(c.context, &key) == COUNTERSIGN_NO_KEY)
    #expect(throws: CError(code: COUNTERSIGN_NO_KEY)) { try c.handshake() }
    // The key survives a restart before its certificate comes.
    try c.store()
    #expect(c.load() == COUNTERSIGN_OK)
    let asked = try request(c)
    let certificate = try authority.certificate(for: asked, device: 0xC)
    for wrong in [
      try authority.certificate(for: asked, device: 0xD), try authority.certificate(for: Bytes(), device: 0xC),
      try Authority(seed: 0xA2).certificate(for: asked, device: 0xC),
    ] {
      #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try install(wrong.encoded, c) }
    }
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try install(Array(certificate.encoded.dropLast()), c) }
    try install(certificate.encoded, c)
    try c.store()
    #expect(c.load() == COUNTERSIGN_OK)
    #expect(countersign_generation(c.context) == 1 && countersign_epoch(c.context) == 10)
    #expect(countersign_public_key(c.context, &key) == COUNTERSIGN_OK && key == [UInt8](copying: asked.bytes))
    #expect(throws: CError(code: COUNTERSIGN_NO_KEY)) { _ = try request(c) }

    var shown = [UInt8](repeating: 0, count: Int(COUNTERSIGN_CERTIFICATE_SIZE))
    var size = 0
    #expect(countersign_certificate(c.context, &shown, 115, &size) == COUNTERSIGN_BUFFER_TOO_SMALL)
    #expect(countersign_certificate(c.context, &shown, shown.count, &size) == COUNTERSIGN_OK)
    #expect(shown == certificate.encoded && size == 116)
    var address = countersign_address()
    countersign_own_address(c.context, &address)
    #expect(address.device == 0xC && address.system == 1)

    let copy = TestDevice()
    try copy.identity.load(c.stored.bytes)
    try c.connect(SimulatedServer(authority, copy, mailFrom: copy.address))
    #expect(countersign_is_open(c.context) == 1)
  }

  @Test("with an identity-based credential, too")
  func identityBased() throws {
    let c = blank()
    #expect(create(c, identityBased: true, hasMaster: false) == COUNTERSIGN_UNACCEPTABLE)
    #expect(create(c, identityBased: true) == COUNTERSIGN_OK)
    let answer = try authority.blinded(request(c), device: 0xC)
    var bytes = [UInt8](repeating: 0, count: BlindedCredential.encodedLength)
    var span = bytes.mutableBytes
    answer.encode(into: &span)
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try install(flipping(600, of: bytes), c) }
    try install(bytes, c)
    #expect(countersign_generation(c.context) == 1)
    try c.store()
    let copy = TestDevice()
    try copy.identity.load(c.stored.bytes)
    try c.connect(SimulatedServer(authority, copy, mailFrom: copy.address))
  }

  @Test("says whether it listens")
  func listening() throws {
    let device = try authority.device(0xA)
    for listens: Int32 in [1, 0] {
      let c = CDevice(device.stored)
      #expect(c.load() == COUNTERSIGN_OK && countersign_version() == COUNTERSIGN_VERSION)
      let server = SimulatedServer(authority, device, mailFrom: device.address)
      if listens == 0 { countersign_set_listening(c.context, 0) }
      let reply = try #require(server.answer(c.handshake()))
      _ = try server.receive(c.handshake(reply))
      #expect(server.deviceListens == (listens == 1))
    }
  }
}
