// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Foundation
import CountersignCrypto
import Keyring
import Registry
import SystemPackage
import Wire

/// Makes one device with an identity-based credential, and its file.
///
/// The file is complete, with key and credential, before the registry learns of the device: if interrupted in between, the same
/// call continues where it stopped. A credential that was written but never recorded has never been used either.
public enum IdentityAssembly {
  /// - Parameter enrolAgain: whether a revoked device gets its next generation instead of a new device its first.
  /// - Throws: ``AssemblyError/file(_:)`` with `fileExists` when there is a file that is not such a beginning.
  public static func make(
    _ address: DeviceAddress, _ issuance: IdentityCredential.Issuance, file path: String,
    registry: some EnrolmentRegistry, authority: Authority, enrolAgain: Bool = false
  ) throws(AssemblyError) -> Certificate {
    let bench = IdentityBench(capacity: 1)
    var buffer = [UInt8](repeating: 0, count: DeviceIdentity.encodedLength)
    defer { wipe(&buffer) }
    let isNew = access(path, F_OK) != 0
    let issued: IssuedCredential
    if isNew {
      try usingFiles(try SecretFile.checkRoom(beside: path))
      do throws(RegistryError) {
        let state = try registry.state()
        let generation = enrolAgain ? try registry.nextGeneration(of: address) : 1
        bench.begin(0, address, state)
        let fields = authority.identityMaster.fields(
          for: address, generation: generation, lastEpoch: state.lastEpoch)
        issued = try issue(bench, fields, issuance, authority)
      } catch { throw .registry(error) }
      bench.encode(0, into: &buffer, at: 0)
      try usingFiles(try SecretFile.create(path, buffer.bytes))
    } else {
      issued = IssuedCredential(try begun(address, issuance, path, bench))
    }
    do { try registry.record([issued], enrolAgain: enrolAgain) } catch {
      if isNew { unlink(path) }
      throw .registry(error)
    }
    return issued.certificate
  }

  /// Answers a device that has drawn its own secret; the same request again gets the same answer.
  public static func answer(
    _ request: Bytes<32>, for address: DeviceAddress, registry: some EnrolmentRegistry, authority: Authority,
    enrolAgain: Bool = false
  ) throws(RegistryError) -> IssuedCredential {
    if let known = try registry.issuedCredential(of: address), known.request == request { return known }
    let generation = enrolAgain ? try registry.nextGeneration(of: address) : 1
    let fields = authority.identityMaster.fields(
      for: address, generation: generation, lastEpoch: try registry.state().lastEpoch)
    let issued: IssuedCredential
    do { issued = try IssuedCredential(fields, request: request, authority: authority) } catch { throw .unusableKey }
    try registry.record([issued], enrolAgain: enrolAgain)
    return issued
  }

  private static func issue(
    _ bench: IdentityBench, _ fields: CertificateFields, _ issuance: IdentityCredential.Issuance,
    _ authority: Authority
  ) throws(RegistryError) -> IssuedCredential {
    do { return try bench.issue(0, fields, issuance, authority) } catch { throw .unusableKey }
  }

  /// The credential in a file that an earlier call for the same device left behind.
  private static func begun(
    _ address: DeviceAddress, _ issuance: IdentityCredential.Issuance, _ path: String, _ bench: IdentityBench
  ) throws(AssemblyError) -> Certificate {
    var content = try usingFiles(try SecretFile.read(path, limit: DeviceIdentity.encodedLength))
    defer { wipe(&content) }
    guard let (found, _) = try? bench.load(0, content.bytes), found == address,
      let certificate = bench.certificate(0), certificate.identityCredential?.issuance == issuance
    else { throw .file(FileError(.create, path, .system(.fileExists))) }
    return certificate
  }
}
