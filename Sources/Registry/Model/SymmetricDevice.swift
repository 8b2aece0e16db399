// SPDX-License-Identifier: Apache-2.0

import Credentials
import Keyring
import Schemes
import Wire

/// What the registry knows of a device whose keys the server computes.
public struct SymmetricDevice: Equatable, Sendable {
  public let address: DeviceAddress
  /// The key in use.
  public let current: SymmetricCredential
  /// The counter of the last session under it; with `derived-key-ratchet` the ratchet's step.
  public let counter: UInt32
  /// The key that takes over at its first authenticated use.
  public let pending: SymmetricCredential?
  /// Epochs for which the device may make its next pseudonym: the one it last showed and the one it was told then.
  public let knownEpoch: Epoch
  public let toldEpoch: Epoch
  /// The scheme that the device is ordered to move to.
  public let migration: SchemeID?
  /// This generation and every earlier one is revoked; 0 when none is.
  public let revokedThrough: Generation
  public let floor: SchemeFloor
  /// Seconds since 1970.
  public let createdAt: Int64
  /// Seconds since 1970.
  public let changedAt: Int64
  /// The row, for tables that refer to devices.
  let rowID: Int64

  /// Whether the device has moved to its own key pair, so that nothing here admits it any more.
  public var isRetired: Bool { floor >= .certified }
  public var isRevoked: Bool { revokedThrough >= current.generation }
  public var generation: Generation { current.generation }

  /// The key of that generation, if it is in use or pending.
  public func credential(_ generation: Generation) -> SymmetricCredential? {
    if generation == current.generation { return current }
    return pending?.generation == generation ? pending : nil
  }
}

/// A session that a device has proved.
public struct SymmetricSession: Equatable, Sendable {
  public let address: DeviceAddress
  public let scheme: SchemeID
  public let generation: Generation
  /// The counter that the hello carried; nil for a scheme that needs none.
  public let counter: UInt32?
  /// The ratchet's state after this session, sealed.
  public let ratchet: [UInt8]?
  /// The epoch of the device's `hello`.
  public let shownEpoch: Epoch

  public init(
    address: DeviceAddress, scheme: SchemeID, generation: Generation, counter: UInt32?, ratchet: [UInt8]? = nil,
    shownEpoch: Epoch
  ) {
    self.address = address
    self.scheme = scheme
    self.generation = generation
    self.counter = counter
    self.ratchet = ratchet
    self.shownEpoch = shownEpoch
  }
}

/// The result of accepting a session.
public struct AcceptedSession: Equatable, Sendable {
  public let device: SymmetricDevice
  /// Whether the session's key was the pending one, and is now the one in use.
  public let hasNewKey: Bool
}

/// A device that a name on the wire may mean, and under which key.
public struct NamedDevice: Equatable, Sendable {
  public let device: SymmetricDevice
  public let credential: SymmetricCredential
  /// Whether the key was taken back before its first use. Its holder is told so, and nothing else.
  public let isWithdrawn: Bool

  public init(device: SymmetricDevice, credential: SymmetricCredential, isWithdrawn: Bool = false) {
    self.device = device
    self.credential = credential
    self.isWithdrawn = isWithdrawn
  }
}
