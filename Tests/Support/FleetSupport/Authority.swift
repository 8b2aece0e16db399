// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Schemes
import Wire

/// A server's keys, from a seed of one byte, so that what it signs is the same in every run.
public final class Authority {
  public final class Key: Signer {
    private let key: Ed25519.PrivateKey

    init(seed: UInt8) throws(CryptoError) {
      let bytes = [UInt8](repeating: seed, count: 32)
      key = try Ed25519.PrivateKey(seed: bytes.bytes)
    }

    public var publicKey: Ed25519.PublicKey { key.publicKey }
    public func signature(for message: RawSpan) -> Ed25519.Signature { key.signature(for: message) }
  }

  public let issuer: Issuer<Key>
  /// The server's static handshake key.
  public let handshakeKey: X25519.PrivateKey
  /// What identity-based credentials are issued under.
  public let master: MasterKey

  public init(seed: UInt8 = 0xA1) throws {
    issuer = Issuer(try Key(seed: seed))
    let secret = [UInt8](repeating: seed ^ 0x0F, count: 32)
    handshakeKey = try X25519.PrivateKey(copying: secret.bytes)
    let masterSeed = [UInt8](repeating: seed ^ 0xF0, count: 32)
    master = try MasterKey(seed: masterSeed.bytes)
  }

  public var anchor: Ed25519.PublicKey { issuer.signer.publicKey }

  public func trust(system: UInt32 = 1, epoch: Epoch = 10) -> TrustStore {
    TrustStore(anchor: anchor, system: SystemID(system), epoch: epoch)
  }

  /// The answer to a device's request.
  public func blinded(
    _ request: Bytes<32>, system: UInt32 = 1, device: UInt64, generation: Generation = 1, lastEpoch: Epoch = 20
  ) throws -> BlindedCredential {
    let address = DeviceAddress(system: SystemID(system), device: DeviceID(device))
    return try master.issueBlinded(
      master.fields(for: address, generation: generation, lastEpoch: lastEpoch), request: request)
  }

  public func certificate(
    for key: X25519.PublicKey, system: UInt32 = 1, device: UInt64 = 0x0011_2233_4455_6677, generation: Generation = 1,
    lastEpoch: Epoch = 20, isApplication: Bool = false
  ) throws -> Certificate {
    try issuer.certificate(
      for: key, system: SystemID(system), device: DeviceID(device), generation: generation, lastEpoch: lastEpoch,
      isApplication: isApplication)
  }

  public func revocation(
    system: UInt32 = 1, device: UInt64 = 0x0011_2233_4455_6677, generation: Generation = 1, lastEpoch: Epoch = 20,
    sequence: UInt32 = 1
  ) throws -> RevocationStatement {
    try issuer.statement(
      RevocationContent(
        reason: .keyCompromise, system: SystemID(system), device: DeviceID(device), generation: generation,
        lastEpoch: lastEpoch, sequence: sequence))
  }

  public func rotation(
    system: UInt32 = 1, device: UInt64 = 0x0011_2233_4455_6677, generation: Generation = 2, lastEpoch: Epoch = 20,
    sequence: UInt32 = 1
  ) throws -> RotationStatement {
    try issuer.statement(
      RotationContent(
        system: SystemID(system), device: DeviceID(device), generation: generation, lastEpoch: lastEpoch,
        sequence: sequence))
  }

  public func policy(from: UInt32, to: UInt32, lastEpoch: Epoch = 20) throws -> PolicyStatement {
    try issuer.statement(PolicyContent(from: SystemID(from), to: SystemID(to), lastEpoch: lastEpoch))
  }

  public func epoch(_ epoch: Epoch) throws -> EpochStatement {
    try issuer.statement(EpochContent(epoch: epoch))
  }

  /// An application, as its file is when it has just been added.
  public func application(_ id: UInt64, system: UInt32 = 1) throws -> TestDevice {
    try device(id, system: system, isApplication: true)
  }

  /// A device straight from the assembly line.
  public func device(
    _ id: UInt64, system: UInt32 = 1, lastEpoch: Epoch = 20, epoch: Epoch = 10, scheme: SchemeID = .certified,
    isApplication: Bool = false
  ) throws -> TestDevice {
    let device = TestDevice()
    device.identity.create(
      address: DeviceAddress(system: SystemID(system), device: DeviceID(id)), anchor: anchor,
      serverKey: handshakeKey.publicKey, epoch: epoch, scheme: scheme, master: master.publicKey)
    if let request = device.identity.requestPoint {
      try device.identity.install(blinded(request, system: system, device: id, lastEpoch: lastEpoch))
      device.save()
      return device
    }
    guard let key = device.identity.renewalKey else { throw DeviceError.noUsableKey }
    try device.identity.install(
      certificate(for: key, system: system, device: id, lastEpoch: lastEpoch, isApplication: isApplication))
    device.save()
    return device
  }
}
