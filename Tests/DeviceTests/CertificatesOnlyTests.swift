// SPDX-License-Identifier: Apache-2.0

import Wire

#if COUNTERSIGN_CERTIFICATES_ONLY
  import Credentials
  import Device
  import FleetSupport
  import CountersignCrypto
  import Schemes
  import Testing

  /// `COUNTERSIGN_CORE=1 swift test -Xswiftc -DCOUNTERSIGN_CERTIFICATES_ONLY --scratch-path .build-certificates --filter CertificatesOnly`
  @Suite("Firmware for certificates only")
  struct CertificatesOnlyTests {
    let authority = try! Authority()

    private func load(_ bytes: [UInt8]) throws(DeviceError) -> TestDevice {
      let device = TestDevice()
      try device.identity.load(bytes.bytes)
      return device
    }

    @Test("keeps the master public key that it was assembled with, and trusts no credential issued under it")
    func keepsMaster() throws {
      let device = try authority.device(1)
      #expect(device.identity.trust.master == authority.master.publicKey)
      let copy = try load(device.stored)
      #expect(copy.identity.trust.master == authority.master.publicKey)
      copy.save()
      #expect(copy.stored == device.stored)

      var request = IdentityRequest()
      let address = DeviceAddress(system: SystemID(1), device: DeviceID(2))
      let fields = authority.master.fields(for: address, generation: 1, lastEpoch: 20)
      var key = X25519.PrivateKey()
      let credential = try authority.master.issueInjected(fields, into: &key)
      #expect(throws: CredentialsError.unknownIssuer(fields.issuer)) {
        try copy.identity.trust.publicKey(of: credential)
      }
      #expect(throws: CredentialsError.unknownIssuer(fields.issuer)) {
        try copy.identity.trust.verify(Certificate(credential, publicKey: key.publicKey), isInitiator: true)
      }
      request.generate()
      #expect(request.point == Bytes())
    }

    @Test("cannot become, and does not load, a device with an identity-based credential")
    func refusesIdentityBased() throws {
      let device = TestDevice()
      device.identity.create(
        address: DeviceAddress(system: SystemID(1), device: DeviceID(1)), anchor: authority.anchor,
        serverKey: authority.handshakeKey.publicKey, epoch: 10, scheme: .identityBased,
        master: authority.master.publicKey)
      #expect(device.identity.requestPoint == nil && device.identity.slotForSession() == nil)
      device.save()
      #expect(throws: DeviceError.schemes(.unexpectedScheme(11))) { try load(device.stored) }
    }
  }
#endif
