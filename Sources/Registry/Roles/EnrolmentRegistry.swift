// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Keyring
import Schemes
import Wire

/// What the assembly line asks of the registry: systems, and devices that are new in it.
public protocol EnrolmentRegistry: DeviceRecords {
  func addSystem(named name: String) throws(RegistryError) -> RegisteredSystem

  func systems() throws(RegistryError) -> [RegisteredSystem]

  func system(named name: String) throws(RegistryError) -> RegisteredSystem?

  /// Registers devices, all or none, and certifies their keys as generation 1; in the order given.
  ///
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``, ``RegistryError/keyInUse``,
  ///   ``RegistryError/unusableKey``.
  func addDevices(_ devices: [NewDevice], issuer: AuthorityIssuer) throws(RegistryError) -> [Certificate]

  /// Registers an application and certifies its key as generation 1. The first one of a system becomes its default.
  ///
  /// - Throws: ``RegistryError/invalidApplicationName(_:)``, ``RegistryError/applicationExists(_:)``,
  ///   ``RegistryError/tooManyApplications(_:)``, and what ``addDevices(_:issuer:)`` throws.
  func addApplication(
    _ new: NewDevice, named name: String, asDefault: Bool, issuer: AuthorityIssuer
  ) throws(RegistryError) -> Certificate

  /// Gives a revoked device that has come back to the bench a new key, under the generation after all earlier ones.
  ///
  /// - Throws: ``RegistryError/deviceActive(_:)`` when it is not revoked, ``RegistryError/generationsExhausted(_:)`` when
  ///   it was revoked for good.
  func enrolAgain(_ device: NewDevice, issuer: AuthorityIssuer) throws(RegistryError) -> Certificate

  /// Registers a device of a scheme without key pairs. A call for a device that has never been used returns the same again, so
  /// that an interrupted call can be repeated.
  ///
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``,
  ///   ``RegistryError/unsuitableScheme(_:)``.
  func addSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice

  /// Makes a key that a system's devices have already the system's shared key, before any other is. A call with the same key may be
  /// repeated.
  ///
  /// - Throws: ``RegistryError/sharedKeyExists(_:)``, ``RegistryError/unknownSystem(_:)``.
  func importSharedKey(
    _ key: borrowing SecretBytes<32>, of system: SystemID, authority: Authority
  ) throws(RegistryError)

  /// ``addSymmetricDevice(_:scheme:authority:)`` of a device that has a key already, in a scheme in which nothing else than its key
  /// makes it: `derived-key` and `derived-key-ephemeral`.
  ///
  /// - Throws: the same, also where the device is there with another key.
  func importSymmetricDevice(
    _ address: DeviceAddress, scheme: SchemeID, key: borrowing SecretBytes<32>, authority: Authority
  ) throws(RegistryError) -> SymmetricDevice

  /// Takes the authority's master public key into a registry that has none.
  func learn(_ masterKey: MasterPublicKey) throws(RegistryError)

  /// Registers devices, all or none, with the identity-based credentials that were issued for them; repeating it gives the same
  /// result.
  ///
  /// - Parameter enrolAgain: whether a revoked device gets its next generation instead of a new device its first.
  /// - Throws: ``RegistryError/deviceExists(_:)``, ``RegistryError/unknownSystem(_:)``, ``RegistryError/keyInUse``,
  ///   ``RegistryError/deviceActive(_:)``, or ``RegistryError/unexpectedGeneration(_:expected:)`` when the credential is not
  ///   the one that comes next.
  func record(_ issued: [IssuedCredential], enrolAgain: Bool) throws(RegistryError)

  /// What was recorded of an identity-based device's key in use; nil for a certificate.
  func issuedCredential(of address: DeviceAddress) throws(RegistryError) -> IssuedCredential?

  /// The generation that the device's next credential will have.
  func nextGeneration(of address: DeviceAddress) throws(RegistryError) -> Generation
}

extension EnrolmentRegistry {
  /// Registers one device.
  public func addDevice(_ device: NewDevice, issuer: AuthorityIssuer) throws(RegistryError) -> Certificate {
    try addDevices([device], issuer: issuer)[0]
  }
}
