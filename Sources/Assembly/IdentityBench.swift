// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import CountersignCrypto
import Keyring
import Registry
import Schemes
import Wire

/// Places for the identities of a chunk of devices: keys are made, certified and written in place, because moving them would
/// leave copies behind. Each chunk overwrites the one before.
final class IdentityBench {
  let capacity: Int
  private let places: UnsafeMutablePointer<DeviceIdentity>

  init(capacity: Int) {
    self.capacity = capacity
    places = .allocate(capacity: capacity)
    for index in 0..<capacity { (places + index).initialize(to: DeviceIdentity()) }
  }

  deinit {
    places.deinitialize(count: capacity)
    places.deallocate()
  }

  /// Makes a device with a new key, and returns its public key.
  func create(
    _ index: Int, _ address: DeviceAddress, _ state: AuthorityState, _ scheme: SchemeID = .certified
  ) -> X25519.PublicKey {
    places[index].create(
      address: address, anchor: state.issuerKey, serverKey: state.serverKey, epoch: state.epoch,
      scheme: scheme, master: state.masterKey)
    // A key was just made, so there is one to certify.
    return places[index].renewalKey!
  }

  /// Makes a device that has no key yet, for an identity-based credential.
  func begin(_ index: Int, _ address: DeviceAddress, _ state: AuthorityState) {
    places[index].create(
      address: address, anchor: state.issuerKey, serverKey: state.serverKey, epoch: state.epoch,
      scheme: .identityBased, master: state.masterKey)
  }

  /// Gives the device at `index` its first credential and key.
  func issue(
    _ index: Int, _ fields: CertificateFields, _ issuance: IdentityCredential.Issuance, _ authority: Authority
  ) throws(AssemblyError) -> IssuedCredential {
    do throws(DeviceError) {
      if issuance == .blinded {
        guard let request = places[index].requestPoint else { throw .subjectMismatch }
        let issued: IssuedCredential
        do { issued = try IssuedCredential(fields, request: request, authority: authority) } catch {
          throw .credentials(error)
        }
        if let answer = issued.answer { try places[index].install(answer) }
        return issued
      }
      var key = X25519.PrivateKey()
      defer { key.wipe() }
      let credential: IdentityCredential
      do throws(CredentialsError) {
        credential =
          issuance == .escrow
          ? try authority.identityMaster.issueEscrow(fields, into: &key)
          : try authority.identityMaster.issueInjected(fields, into: &key)
      } catch { throw .credentials(error) }
      try places[index].inject(credential, key: key)
      return IssuedCredential(Certificate(credential, publicKey: key.publicKey))
    } catch { throw .refused(error) }
  }

  /// The certificate that the device at `index` has.
  func certificate(_ index: Int) -> Certificate? { places[index].certificate }

  /// The address of the device at `index`, and whether it waits for an identity-based credential.
  func begun(_ index: Int) -> (DeviceAddress, Bool) { (places[index].address, places[index].requestPoint != nil) }

  /// Becomes the device that ``encode(_:)`` wrote, and returns the key that waits for a certificate, or that of an
  /// identity-based credential, which is there from the start.
  func load(_ index: Int, _ encoded: RawSpan) throws(AssemblyError) -> (DeviceAddress, X25519.PublicKey)? {
    do { try places[index].load(encoded) } catch { throw .refused(error) }
    let key = places[index].renewalKey ?? identityKey(index)
    return key.map { (places[index].address, $0) }
  }

  private func identityKey(_ index: Int) -> X25519.PublicKey? {
    guard let certificate = places[index].certificate, certificate.identityCredential != nil else { return nil }
    return certificate.publicKey
  }

  func install(_ index: Int, _ certificate: Certificate) throws(AssemblyError) {
    if places[index].certificate == certificate { return }
    do { try places[index].install(certificate) } catch { throw .refused(error) }
  }

  /// Appends the stored form to a buffer that the caller wipes.
  func encode(_ index: Int, into buffer: inout [UInt8], at offset: Int) {
    var target = buffer.mutableBytes
    var place = target.suffix(from: offset)
    places[index].encode(into: &place)
  }
}
