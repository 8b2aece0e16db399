// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Wire

/// A small authority: the keys of a server, and devices certified by it.
final class Fleet {
  static let system = SystemID(7)
  static let epoch: Epoch = 3

  let serverKey: X25519.PrivateKey
  let issuer: Issuer<SigningKey>
  /// Every device is given it at assembly, whatever its scheme.
  var master: MasterPublicKey { masterKey.publicKey }
  private let masterKey: MasterKey

  init() throws {
    serverKey = .random()
    issuer = Issuer(SigningKey(try Ed25519.PrivateKey(seed: SecretBytes<32>.random().bytes)))
    masterKey = try MasterKey(seed: SecretBytes<32>.random().bytes)
  }

  func certificate(for key: X25519.PublicKey, device: DeviceID, generation: Generation = 1) throws -> Certificate {
    try issuer.certificate(
      for: key, system: Self.system, device: device, generation: generation, lastEpoch: Self.epoch + 8)
  }

  /// Makes a device's key, and what the server issues for it.
  func provision(_ device: DeviceID, _ scheme: SchemeID, key: inout X25519.PrivateKey) throws -> Certificate {
    guard scheme == .identityBased else {
      key.generate()
      return try certificate(for: key.publicKey, device: device)
    }
    let fields = masterKey.fields(
      for: DeviceAddress(system: Self.system, device: device), generation: 1, lastEpoch: Self.epoch + 8)
    let credential = try masterKey.issueInjected(fields, into: &key)
    return Certificate(credential, publicKey: key.publicKey)
  }

  /// The answer to a device's request for an identity-based credential.
  func credential(for point: Bytes<32>, device: DeviceID, generation: Generation = 1) throws -> BlindedCredential {
    let fields = masterKey.fields(
      for: DeviceAddress(system: Self.system, device: device), generation: generation, lastEpoch: Self.epoch + 8)
    return try masterKey.issueBlinded(fields, request: point)
  }

  /// The device on this side, the same in every run.
  func peer(scheme: SchemeID = .certified) throws -> FleetDevice {
    try Repeatable.always { try device(DeviceID(2), scheme: scheme) }
  }

  /// A device as the assembly line makes it.
  func device(_ id: DeviceID, scheme: SchemeID = .certified) throws -> FleetDevice {
    let device = FleetDevice()
    device.identity.create(
      address: DeviceAddress(system: Self.system, device: id), anchor: issuer.signer.publicKey,
      serverKey: serverKey.publicKey, epoch: Self.epoch, scheme: scheme, master: master)
    if let point = device.identity.requestPoint {
      try device.identity.install(credential(for: point, device: id))
    } else {
      guard let key = device.identity.renewalKey else { throw Refusal.wrongPeer }
      try device.identity.install(certificate(for: key, device: id))
    }
    return device
  }
}

/// A device on this side of the wire.
final class FleetDevice {
  var identity = DeviceIdentity()

  var certificate: Certificate {
    get throws {
      guard let certificate = identity.certificate else { throw Refusal.wrongPeer }
      return certificate
    }
  }

  /// The storage page: a seed for the image's generator, then the stored identity.
  var page: [UInt8] {
    var encoded = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    var target = encoded.mutableBytes
    identity.encode(into: &target)
    return randomBytes(16) + encoded
  }
}

/// The server's signing key, in this process.
final class SigningKey: Signer {
  private let key: Ed25519.PrivateKey
  let publicKey: Ed25519.PublicKey

  init(_ key: consuming Ed25519.PrivateKey) {
    publicKey = key.publicKey
    self.key = key
  }

  func signature(for message: RawSpan) -> Ed25519.Signature { key.signature(for: message) }
}

func randomBytes(_ count: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  var target = bytes.mutableBytes
  fillWithRandomBytes(&target)
  return bytes
}

/// A certificate in its standalone form.
func encoded(_ certificate: Certificate) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: Certificate.standaloneLength)
  var target = bytes.mutableBytes
  certificate.encode(into: &target)
  return bytes
}

/// A device's address.
func encoded(_ address: DeviceAddress) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: DeviceAddress.encodedLength)
  var target = bytes.mutableBytes
  var writer = ByteWriter(&target)
  address.encode(&writer)
  return bytes
}
