// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Wire

/// What a session has proved, which the registry checks against the device's row in the transaction that acts: between the
/// session's start and its request, another session may have taken the next key into use.
public struct SessionClaim: Equatable, Sendable {
  public let address: DeviceAddress
  /// The generation of the key that opened the session.
  public let generation: Generation
  /// The key that opened the session; nil for a device whose keys the server computes.
  public let publicKey: X25519.PublicKey?
  /// Whether that key had already been replaced when the session began, so that it is good only for showing the next one.
  public let isRetired: Bool

  public init(
    address: DeviceAddress, generation: Generation, publicKey: X25519.PublicKey?, isRetired: Bool = false
  ) {
    self.address = address
    self.generation = generation
    self.publicKey = publicKey
    self.isRetired = isRetired
  }
}

/// What became of a request for a next key.
public enum KeyAnswer<Granted: Sendable>: Sendable {
  case granted(Granted)
  /// Nothing new: the session's key was replaced before it began, and this repeats what it asked for.
  case settled
  /// There are two holders of the device's keys. It is in quarantine from this transaction on; the text says why.
  case quarantined(String)
}

extension KeyAnswer: Equatable where Granted: Equatable {}
