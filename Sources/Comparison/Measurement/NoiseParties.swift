// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import CountersignCrypto
import Records
import Schemes
import Wire

/// The keys of one device and its server, and what vouches for the device's: a certificate, or a credential.
final class NoiseParties {
  let device: X25519.PrivateKey
  let server = X25519.PrivateKey.random()
  /// The system's key, from which those of its devices are derived.
  let system = SecretBytes<32>.random()
  let issuerKey: Ed25519.PublicKey
  let certificate: Certificate
  let epoch: Epoch = 3
  /// Bytes of what the device shows.
  let shownLength: Int
  private let masterKey: MasterKey
  var master: MasterPublicKey { masterKey.publicKey }

  init(_ scheme: SchemeID) throws {
    let address = DeviceAddress(system: SystemID(7), device: DeviceID(0x0102_0304_0506_0708))
    let signing = try SigningKey()
    issuerKey = signing.publicKey
    let seed = SecretBytes<32>.random()
    masterKey = try MasterKey(seed: seed.bytes)
    if scheme.row.shown == .credential {
      var key = X25519.PrivateKey()
      let credential = try masterKey.issueInjected(
        masterKey.fields(for: address, generation: 1, lastEpoch: 9), into: &key)
      certificate = Certificate(credential, publicKey: key.publicKey)
      device = key
    } else {
      device = X25519.PrivateKey.random()
      certificate = try Issuer(signing).certificate(
        for: device.publicKey, system: address.system, device: address.device, generation: 1, lastEpoch: 9)
    }
    shownLength = scheme.row.shown == .nothing ? 0 : certificate.encodedHandshakeLength
  }

  /// The device's derived key.
  func derive(into key: inout SecretBytes<32>) {
    DerivedKeys<Hash.SHA256>.device(certificate.fields.address.device, generation: 1, system: system, into: &key)
  }

  /// What a device asks a certificate or a credential of its next key with, and the answer, as sealed records.
  func renewal() throws -> [SchemeProfile.Message] {
    var buffer = [UInt8](repeating: 0, count: 256)
    var bytes = buffer.mutableBytes
    let request: Int
    let answer: Int
    if certificate.identityCredential != nil {
      var next = IdentityRequest()
      next.generate()
      let fields = certificate.fields
      let issued = try masterKey.issueBlinded(
        masterKey.fields(for: fields.address, generation: 2, lastEpoch: fields.lastEpoch), request: next.point)
      request = DeviceRecord.request(next.point).encode(into: &bytes)
      answer = ServerRecord.credential(issued).encode(into: &bytes)
    } else {
      request = DeviceRecord.renew(device.publicKey).encode(into: &bytes)
      answer = ServerRecord.certificate(certificate).encode(into: &bytes)
    }
    return [
      .init(sender: .device, bytes: Double(request + tagLength)),
      .init(sender: .server, bytes: Double(answer + tagLength)),
    ]
  }
}

/// A signing key in this process.
private final class SigningKey: Signer {
  private let key: Ed25519.PrivateKey
  var publicKey: Ed25519.PublicKey { key.publicKey }

  init() throws {
    let seed = SecretBytes<32>.random()
    key = try Ed25519.PrivateKey(seed: seed.bytes)
  }

  func signature(for message: RawSpan) throws(CredentialsError) -> Ed25519.Signature { key.signature(for: message) }
}
