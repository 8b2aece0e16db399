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

/// Makes devices whose keys the server computes, and their files.
///
/// The registry learns of the device first: its key follows from the row, so that a call interrupted before the file was there
/// can be repeated, until the device has been used.
public enum SymmetricAssembly {
  /// - Parameter known: a key that the device has already, 32 bytes, with `derived-key` and `derived-key-ephemeral`.
  public static func make(
    _ address: DeviceAddress, scheme: SchemeID, key known: [UInt8]? = nil, file path: String,
    _ registry: some EnrolmentRegistry, _ authority: Authority
  ) throws(AssemblyError) -> SymmetricDevice {
    guard access(path, F_OK) != 0 else { throw .file(FileError(.create, path, .system(.fileExists))) }
    try usingFiles(try SecretFile.checkRoom(beside: path))
    let device: SymmetricDevice
    var key: [UInt8]
    do {
      device = try register(address, scheme, known, registry, authority)
      key = try usingKeys(try authority.encodeKey(device.current, of: address))
    } catch { throw .registry(error) }
    defer { wipe(&key) }
    var identity = SymmetricIdentity()
    defer { identity.clear() }
    do throws(DeviceError) {
      try identity.create(
        address: address, epoch: device.toldEpoch, scheme: scheme, generation: device.generation, key: key.bytes)
    } catch { throw .refused(error) }
    try write(identity, to: path)
    return device
  }

  private static func register(
    _ address: DeviceAddress, _ scheme: SchemeID, _ known: [UInt8]?, _ registry: some EnrolmentRegistry,
    _ authority: Authority
  ) throws(RegistryError) -> SymmetricDevice {
    guard let known else { return try registry.addSymmetricDevice(address, scheme: scheme, authority: authority) }
    var key = SecretBytes<32>()
    defer { key.wipe() }
    key.copy(from: known.bytes)
    return try registry.importSymmetricDevice(address, scheme: scheme, key: key, authority: authority)
  }

  /// Writes the derived key beside the key pair of a device that is about to be made; one that is there already is the same.
  public static func makePSK(
    _ address: DeviceAddress, file path: String, _ registry: some EnrolmentRegistry, _ authority: Authority
  ) throws(AssemblyError) {
    guard access(path, F_OK) != 0 else { return }
    var identity = SymmetricIdentity()
    defer { identity.clear() }
    do {
      let epoch = try registry.state().epoch
      var key = SecretBytes<32>()
      defer { key.wipe() }
      authority.deriveKey(of: address, generation: 1, into: &key)
      try identity.create(
        address: address, epoch: epoch, scheme: .hybridIKpsk2, generation: 1, key: key.bytes)
    } catch let error as RegistryError {
      throw .registry(error)
    } catch let error as DeviceError {
      throw .refused(error)
    } catch { throw .file(FileError(.create, path, .system(.ioError))) }
    try write(identity, to: path)
  }

  private static func write(_ identity: borrowing SymmetricIdentity, to path: String) throws(AssemblyError) {
    var content = [UInt8](repeating: 0, count: SymmetricIdentity.encodedLength)
    defer { wipe(&content) }
    var span = content.mutableBytes
    identity.encode(into: &span)
    do {
      try SecretFile.create(path, content.bytes)
      try Directories.synchronize(of: path)
    } catch { throw .file(error) }
  }
}
