// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry
import Schemes
import SystemPackage
import Wire

/// Makes one device, whose key is made here, and its file.
///
/// The file is there, with the key but without a certificate, before the registry learns of the device: if interrupted in
/// between, the same call continues where it stopped.
public enum SingleDevice {
  /// - Parameters:
  ///   - enrolAgain: whether a revoked device gets its next generation instead of a new device its first.
  ///   - application: what the application is called that this makes in the place of a device.
  /// - Throws: ``AssemblyError/file(_:)`` with `fileExists` when there is a file that is not such a beginning.
  public static func make(
    _ address: DeviceAddress, file path: String, scheme: SchemeID = .certified, registry: some EnrolmentRegistry,
    issuer: AuthorityIssuer, enrolAgain: Bool = false, application: NewApplication? = nil
  ) throws(AssemblyError) -> Certificate {
    let bench = IdentityBench(capacity: 1)
    var buffer = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    defer { wipe(&buffer) }
    let state: AuthorityState
    do { state = try registry.state() } catch { throw .registry(error) }
    let key: X25519.PublicKey
    let isNew = access(path, F_OK) != 0
    if isNew {
      try usingFiles(try SecretFile.checkRoom(beside: path))
      key = bench.create(0, address, state, scheme)
      bench.encode(0, into: &buffer, at: 0)
      try usingFiles(try SecretFile.create(path, buffer.bytes))
    } else {
      key = try begun(address, path, bench)
    }
    let certificate: Certificate
    do {
      certificate = try certify(NewDevice(address: address, publicKey: key), registry, issuer, enrolAgain, application)
    } catch {
      if isNew { unlink(path) }
      throw .registry(error)
    }
    try bench.install(0, certificate)
    bench.encode(0, into: &buffer, at: 0)
    try usingFiles(try SecretFile.replace(path, buffer.bytes))
    return certificate
  }

  /// The key in a file that an earlier call for the same device left behind.
  private static func begun(
    _ address: DeviceAddress, _ path: String, _ bench: IdentityBench
  ) throws(AssemblyError) -> X25519.PublicKey {
    var content = try usingFiles(try SecretFile.read(path, limit: DeviceIdentity.encodedLength))
    defer { wipe(&content) }
    guard let (found, key) = try? bench.load(0, content.bytes), found == address else {
      throw .file(FileError(.create, path, .system(.fileExists)))
    }
    return key
  }

  private static func certify(
    _ device: NewDevice, _ registry: some EnrolmentRegistry, _ issuer: AuthorityIssuer, _ enrolAgain: Bool,
    _ application: NewApplication?
  ) throws(RegistryError) -> Certificate {
    if let known = try registry.device(device.address), known.certificate.publicKey == device.publicKey {
      return known.certificate
    }
    if let application {
      return try registry.addApplication(
        device, named: application.name, asDefault: application.isDefault, issuer: issuer)
    }
    return enrolAgain
      ? try registry.enrolAgain(device, issuer: issuer) : try registry.addDevice(device, issuer: issuer)
  }
}

/// What a new application is called, and whether its system's devices report to it by default.
public struct NewApplication: Equatable, Sendable {
  public let name: String
  public let isDefault: Bool

  public init(name: String, isDefault: Bool) {
    self.name = name
    self.isDefault = isDefault
  }
}
