// SPDX-License-Identifier: Apache-2.0

import Credentials
import Schemes
import CountersignCrypto
import Wire

/// What the registry knows of a device.
public struct RegisteredDevice: Equatable, Sendable {
  public let address: DeviceAddress
  /// The certificate of the key in use: key, generation, last epoch and signature.
  public let certificate: Certificate
  /// The certificate of the key that takes over at its first authenticated use.
  public let pending: Certificate?
  /// This generation and every earlier one is revoked; 0 when none is.
  public let revokedThrough: Generation
  public let floor: SchemeFloor
  /// Seconds since 1970.
  public let createdAt: Int64
  /// Seconds since 1970.
  public let changedAt: Int64
  /// The row, for tables that refer to devices.
  let rowID: Int64

  /// Whether the key in use is revoked, so that the device gets no session.
  public var isRevoked: Bool { revokedThrough >= certificate.fields.generation }
  public var generation: Generation { certificate.fields.generation }
  /// Whether it is an application: its certificate says so.
  public var isApplication: Bool { certificate.fields.isApplication }
}

/// Whose public key it is, and whether it is the key in use or the pending one.
public struct KeyHolder: Equatable, Sendable {
  public enum Slot: Sendable {
    case active
    case pending
  }

  public let device: RegisteredDevice
  public let slot: Slot

  /// The certificate of the key that was asked for.
  public var certificate: Certificate { slot == .pending ? device.pending ?? device.certificate : device.certificate }
}

/// A device to be registered.
public struct NewDevice: Equatable, Sendable {
  public let address: DeviceAddress
  public let publicKey: X25519.PublicKey

  public init(address: DeviceAddress, publicKey: X25519.PublicKey) {
    self.address = address
    self.publicKey = publicKey
  }
}
