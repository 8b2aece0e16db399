// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Comparison
import Credentials
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// What making one device's keys costs each side, its row in the registry left out: the server, or whoever issues for it at the
/// assembly line; and the device, or the station that makes its keys for it and checks what was issued.
func provisioning(_ authority: Authority) throws {
  let desk = try ProvisioningDesk(authority)
  let tree = SubsetDifference(height: 14, root: .random())
  let ways: [(SchemeID, Int, server: () throws -> Void, device: (() throws -> Void)?)] = [
    (.sharedKey, 20, desk.share, nil), (.derivedKey, 20, desk.derive, nil),
    (.derivedKeyEphemeral, 20, desk.derive, nil),
    (.derivedKeyRatchet, 20, desk.derive, nil), (.derivedKeyPBKDF2, 1, desk.stretch, nil),
    (.compactKK, 1, desk.certify, desk.makeKey), (.registered, 1, desk.certify, desk.makeKey),
    (.certified, 1, desk.certify, desk.makeKey),
    (
      .hybridIKpsk2, 1,
      {
        try desk.certify()
        desk.derive()
      }, desk.makeKey
    ),
    (.identityBased, 1, desk.issue, desk.request),
    (.broadcast, 1, { _ = tree.receiver(4_321) }, nil),
  ]
  for (scheme, repeats, server, device) in ways {
    Benchmark.work("provisioning/\(scheme.name), server", repeats: repeats, server)
    if let device { Benchmark.work("provisioning/\(scheme.name), device", repeats: repeats, device) }
  }
}

/// Both sides of every way of giving a device its keys, each with what the other has made.
private final class ProvisioningDesk {
  private let authority: Authority
  private let fields: CertificateFields
  private let made = Secret()
  private let system = Secret()
  private var pair = X25519.PrivateKey()
  private let certificate: Certificate
  private var asking = IdentityRequest()
  private var other = IdentityRequest()
  private let answer: BlindedCredential

  init(_ authority: Authority) throws {
    self.authority = authority
    DerivedKeys<Hash.SHA256>.system(SystemID(7), root: .random(), into: &system.key)
    let address = DeviceAddress(system: SystemID(7), device: DeviceID(5))
    fields = authority.identityMaster.fields(for: address, generation: 1, lastEpoch: 9)
    pair.generate()
    certificate = try authority.issuer.certificate(
      for: pair.publicKey, system: SystemID(7), device: DeviceID(5), generation: 1, lastEpoch: 9)
    asking.generate()
    answer = try authority.identityMaster.issueBlinded(fields, request: asking.point)
  }

  func share() { copy(system.key, into: &made.key) }

  func derive() {
    DerivedKeys<Hash.SHA256>.device(DeviceID(5), generation: 1, system: system.key, into: &made.key)
  }

  func stretch() {
    let salt = [UInt8](repeating: 0x5A, count: 16)
    DerivedKeys<Hash.SHA256>.stretched(
      system: system.key, salt: salt.bytes, iterations: Authority.stretchingIterations, into: &made.key)
  }

  func certify() throws {
    _ = try authority.issuer.certificate(
      for: certificate.publicKey, system: SystemID(7), device: DeviceID(5), generation: 1, lastEpoch: 9)
  }

  /// The device draws its key pair, and checks the certificate that it gets.
  func makeKey() throws {
    pair.generate()
    guard certificate.isSigned(by: authority.issuerKey) else { throw CredentialsError.invalidSignature }
  }

  func issue() throws { _ = try authority.identityMaster.issueBlinded(fields, request: asking.point) }

  /// The device draws its secret, and makes its key of the answer, which it thereby checks.
  func request() throws {
    other.generate()
    try asking.complete(answer, under: authority.identityMaster.publicKey, into: &pair)
  }
}

/// A key in a place that closures share.
final class Secret {
  var key = SecretBytes<32>()
}

private func copy(_ key: borrowing SecretBytes<32>, into other: inout SecretBytes<32>) { other.copy(from: key.bytes) }
